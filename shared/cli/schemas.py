"""`arrears schemas`: the JSON Schema of every event, made from its model, in `docs/schemas`.

What Arrears accepts is published as it is validated, what it emits as it is written.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from typing_extensions import override

from shared.cli.compatibility import breaks
from shared.events import BILLING, CLOCK, COMMANDS, OUTCOMES, REGISTRY

FOLDER: Final = Path("docs/schemas")
ACCEPTED: Final = BILLING | COMMANDS | OUTCOMES | CLOCK
"""The types that come from outside; all others are emitted."""
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

app = typer.Typer(help="The published JSON Schemas of all events.", no_args_is_help=True)
Folder = Annotated[Path, typer.Option(help="Where the schemas are kept.")]


class _Untitled(GenerateJsonSchema):
    """Leaves out titles that only repeat a field's name."""

    @override
    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a type's data, named by a URN of the type."""
    mode: JsonSchemaMode = "validation" if kind in ACCEPTED else "serialization"
    schema = REGISTRY[kind].model_json_schema(mode=mode, schema_generator=_Untitled)
    return {"$schema": _DIALECT, "$id": f"urn:arrears:schema:{kind}", **schema}


def path_of(kind: str) -> Path:
    """Where a type's schema is, within the folder: ``billing.invoice.issued/v1.json``."""
    name, _, version = kind.rpartition(".")
    return Path(name) / f"{version}.json"


def published() -> dict[Path, str]:
    """Every schema file's text, by its path within the folder: the same for the same models."""
    return {path_of(kind): _text(schema_of(kind)) for kind in sorted(REGISTRY)}


def drift(folder: Path) -> Iterator[str]:
    """What is wrong with a folder of schemas: each file that differs, is missing or is too many."""
    expected = published()
    for path, text in expected.items():
        file = folder / path
        if not file.exists():
            yield f"{file} is missing"
        elif file.read_text(encoding="utf-8") != text:
            yield f"{file} is not what its model says"
    for file in sorted(folder.glob("*/*.json")):
        if file.relative_to(folder) not in expected:
            yield f"{file} has no model any more"


def incompatible(folder: Path) -> Iterator[str]:
    """Every change against the schemas in a folder that would break those who rely on them."""
    for kind in sorted(REGISTRY):
        file = folder / path_of(kind)
        if file.exists():
            old = json.loads(file.read_text(encoding="utf-8"))
            for fault in breaks(old, schema_of(kind), accepted=kind in ACCEPTED):
                yield f"{file}: {fault}"


@app.command()
def check(folder: Folder = FOLDER) -> None:
    """Fail if a schema file is not its model's, and say which changes would break others."""
    faults = list(drift(folder))
    if not faults:
        return
    for fault in [*faults, *(f"breaking: {fault}" for fault in incompatible(folder))]:
        typer.echo(fault, err=True)
    typer.echo("run `arrears schemas write` and review what it changed", err=True)
    raise typer.Exit(1)


@app.command()
def write(
    folder: Folder = FOLDER,
    *,
    breaking: Annotated[
        bool, typer.Option("--breaking", help="Write also what breaks others.")
    ] = False,
) -> None:
    """Write every schema file, unless a change would break those who rely on the published one."""
    faults = [] if breaking else list(incompatible(folder))
    if faults:
        for fault in faults:
            typer.echo(f"breaking: {fault}", err=True)
        typer.echo("nothing was written: give the type a new version, or say --breaking", err=True)
        raise typer.Exit(1)
    expected = published()
    for path, text in expected.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for file in folder.glob("*/*.json"):
        if file.relative_to(folder) not in expected:
            file.unlink()
            if not any(file.parent.iterdir()):
                file.parent.rmdir()


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    app()
