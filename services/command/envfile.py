"""`arrears env`: every setting, its default and its meaning, as `.env.example`."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, NamedTuple, get_args

import typer
from pydantic.fields import FieldInfo

from services.ingest.settings import IngestSettings
from services.kpi.settings import KpiSettings
from services.outreach.settings import OutreachSettings
from services.scoring.settings import ScoringSettings
from shared.runtime.settings import ServiceSettings

FILE: Final = Path(".env.example")
CLASSES: Final[Mapping[str, type[ServiceSettings]]] = {
    "ingest": IngestSettings,
    "scoring": ScoringSettings,
    "outreach": OutreachSettings,
    "kpi": KpiSettings,
}
_WIDTH: Final = 98


class Variable(NamedTuple):
    """One variable of the environment: its default as it would be written, empty for none."""

    name: str
    default: str
    meaning: str
    through_compose: bool = True
    """Whether docker-compose.yml takes it from the environment."""


PUBLISHED: Final = (
    Variable("PUBLISH_INGEST", "8001", "ingest: /v1/events (POST), /v1/overdue, /docs/openapi"),
    Variable("PUBLISH_SCORING", "8002", "scoring: /v1/worklist, /docs/asyncapi, /metrics"),
    Variable("PUBLISH_OUTREACH", "8003", "outreach: /docs/asyncapi, /metrics"),
    Variable("PUBLISH_KPI", "8004", "kpi: /v1/kpis, /v1/progress, /docs/asyncapi, /metrics"),
    Variable("PUBLISH_KAFKA", "9092", "Kafka, as localhost and this port"),
    Variable("PUBLISH_PROMETHEUS", "9090", "Prometheus: /targets, /alerts"),
)
"""The ports on this machine, which only the compose file knows."""

SET_BY_COMPOSE: Final = frozenset(
    {
        *("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "MONGODB_DATABASE", "ARREARS_GROUP_ID"),
        *("KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME"),
        *("KAFKA_SASL_PLAINTEXT_ALLOWED", "ARREARS_CLOCK_WAITS_FOR"),
        *("ARREARS_HTTP_HOST", "ARREARS_HTTP_PORT"),
    }
)
"""What the compose file or the image sets, or what means nothing to its containers."""

HEAD: Final = """\
What docker-compose.yml takes from the environment. Copy this file to .env and change what you
want changed; every line is its default, and no line is needed. Written by `arrears env write` from
the settings classes of the services."""
OWN: Final = """\
For a deployment of your own: docker-compose.yml and the images set these themselves, or a file
would have to be mounted."""

app = typer.Typer(help="The settings of all services as .env.example.", no_args_is_help=True)
File = Annotated[Path, typer.Option(help="The file.")]


def variables(settings: type[ServiceSettings]) -> Iterator[Variable]:
    """The variables of a service, in the order of its class."""
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        if name != "service":
            variable = str(field.validation_alias or f"{prefix}{name}".upper())
            is_file = field.annotation is Path or Path in get_args(field.annotation)
            yield Variable(
                variable,
                _written(field),
                field.description or "",
                through_compose=variable not in SET_BY_COMPOSE and not is_file,
            )


def _written(field: FieldInfo) -> str:
    """A default as the environment would say it."""
    if field.default_factory is not None or field.default is None:
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def own_variables(service: str) -> list[Variable]:
    """The variables that only this service has."""
    common = {one.name for one in variables(ServiceSettings)}
    return [one for one in variables(CLASSES[service]) if one.name not in common]


def text() -> str:
    """The whole file."""
    sections = {
        "All services.": list(variables(ServiceSettings)),
        **{f"{name.capitalize()}.": own_variables(name) for name in CLASSES},
    }
    groups = {
        "Ports on this machine, all on 127.0.0.1.": list(PUBLISHED),
        **{
            title: told
            for title, found in sections.items()
            if (told := [one for one in found if one.through_compose])
        },
        OWN: [one for found in sections.values() for one in found if not one.through_compose],
    }
    parts = [_comment(HEAD), *(_group(title, told) for title, told in groups.items())]
    return "\n\n".join(parts) + "\n"


def _group(title: str, told: list[Variable]) -> str:
    lines = [f"# --- {title}".replace("\n", "\n# ")]
    for one in told:
        lines += ["", _comment("\n".join(textwrap.wrap(one.meaning, _WIDTH)))]
        lines.append(f"#{one.name}={one.default}")
    return "\n".join(lines)


def _comment(words: str) -> str:
    return textwrap.indent(words, "# ")


@app.command()
def write(file: File = FILE) -> None:
    """Write the file anew."""
    file.write_text(text(), encoding="utf-8")


@app.command()
def check(file: File = FILE) -> None:
    """Fail if the file is not what the settings classes say."""
    if not file.exists() or file.read_text(encoding="utf-8") != text():
        typer.echo(
            f"{file} is not what the settings classes say: run `arrears env write`", err=True
        )
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
