"""The published schemas are those of the models, and a change that breaks others is noticed."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.cli.compatibility import breaks, fields
from shared.cli.schemas import FOLDER, app, drift, schema_of

ROOT = Path(__file__).parents[2]
Change = Callable[[dict[str, Any]], object]
PROPERTIES: dict[str, Any] = {
    "id": {"type": "string", "maxLength": 200},
    "kind": {"enum": ["a", "b"], "type": "string"},
    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
}
OLD: dict[str, Any] = {
    "$defs": {
        "Part": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    },
    "type": "object",
    "properties": PROPERTIES,
    "required": ["id", "kind"],
}


def changed(change: Change) -> dict[str, Any]:
    """The old schema with one change."""
    new = copy.deepcopy(OLD)
    change(new)
    return new


def test_the_published_schemas_are_those_of_the_models() -> None:
    """`arrears schemas write` was run, and what it changed was reviewed."""
    assert [] == list(drift(ROOT / FOLDER))


def test_fields_are_found_at_any_depth() -> None:
    """By paths, through references and lists."""
    assert {"", "id", "kind", "note", "parts", "parts[]", "parts[].n"} == set(fields(OLD))
    assert "installments[].due_on" in fields(schema_of("billing.invoice.issued.v1"))


@pytest.mark.parametrize(
    ("change", "accepted", "emitted"),
    [
        (lambda s: s.update(title="X"), [], []),
        (lambda s: s["properties"].pop("note"), ["note is gone"], ["note is gone"]),
        (lambda s: s["required"].append("note"), ["note is now required"], []),
        (lambda s: s["required"].remove("kind"), [], ["kind is no longer always there"]),
        (lambda s: s["properties"].update(new={"type": "string"}), [], []),
        (
            lambda s: (s["properties"].update(new={"type": "string"}), s["required"].append("new")),
            ["new is new and required"],
            [],
        ),
        (
            lambda s: s["properties"]["kind"].update(enum=["a"]),
            ["kind no longer takes b"],
            [],
        ),
        (
            lambda s: s["properties"]["kind"].update(enum=["a", "b", "c"]),
            [],
            ["kind may now be c"],
        ),
        (
            lambda s: s["properties"]["kind"].pop("enum"),
            [],
            ["kind may now be anything"],
        ),
        (
            lambda s: s["properties"]["note"]["anyOf"].pop(),
            ["note no longer takes null"],
            [],
        ),
        (
            lambda s: s["$defs"]["Part"]["properties"]["n"].update(type="string"),
            ["parts[].n no longer takes integer"],
            ["parts[].n may now be string"],
        ),
        (lambda s: s["properties"]["id"].update(maxLength=100), ["id has a lower maxLength"], []),
        (lambda s: s["properties"]["id"].update(maxLength=300), [], []),
        (lambda s: s["properties"]["id"].update(minLength=1), ["id has a higher minLength"], []),
        (lambda s: s["properties"]["id"].update(pattern="^a"), ["id has another pattern"], []),
    ],
)
def test_a_change_breaks_senders_or_readers(
    change: Change, accepted: list[str], emitted: list[str]
) -> None:
    """What we accept may only widen; what we emit may only be added to."""
    new = changed(change)

    assert accepted == breaks(OLD, new, accepted=True)
    assert emitted == breaks(OLD, new, accepted=False)


class TestCommand:
    def test_check_fails_on_drift_and_names_the_file(self, tmp_path: Path) -> None:
        """And says which of the changes would break others."""
        run = CliRunner().invoke
        folder = ["--folder", str(tmp_path)]
        assert 0 == run(app, ["write", *folder]).exit_code
        assert 0 == run(app, ["check", *folder]).exit_code

        file = tmp_path / "billing.account.merged" / "v1.json"
        schema = json.loads(file.read_text(encoding="utf-8"))
        schema["required"].remove("merged_on")
        file.write_text(json.dumps(schema), encoding="utf-8")
        (tmp_path / "billing.account.gone").mkdir()
        (tmp_path / "billing.account.gone" / "v1.json").write_text("{}", encoding="utf-8")
        result = run(app, ["check", *folder])

        assert 1 == result.exit_code
        assert f"{file} is not what its model says" in result.output
        assert f"breaking: {file}: merged_on is now required" in result.output
        assert "billing.account.gone/v1.json has no model any more" in result.output

    def test_write_refuses_what_breaks_others(self, tmp_path: Path) -> None:
        """Unless told so; then it also takes away what has no model."""
        run = CliRunner().invoke
        folder = ["--folder", str(tmp_path)]
        run(app, ["write", *folder])
        file = tmp_path / "billing.account.merged" / "v1.json"
        schema = json.loads(file.read_text(encoding="utf-8"))
        schema["properties"]["extra"] = {"type": "string"}
        file.write_text(json.dumps(schema), encoding="utf-8")

        refused = run(app, ["write", *folder])
        assert 1 == refused.exit_code
        assert "extra is gone" in refused.output

        assert 0 == run(app, ["write", "--breaking", *folder]).exit_code
        assert [] == list(drift(tmp_path))
