"""A file that cannot be used is refused with its name, the line, the path and the reason."""

from pathlib import Path

import pytest

from services.scoring.domain.reading import ModelError
from services.scoring.sources import read_scorecard, read_segments

SEGMENTS = """\
version: "1"
segments:
  - name: new
    when:
      known_outcomes: {below: 2}
      tags: [gold]
  - name: rest
"""


@pytest.mark.parametrize(
    ("line", "instead", "fault"),
    [
        (5, "      wealth: {below: 2}", "5: segments[0].when.wealth: not a feature"),
        (
            5,
            "      known_outcomes: {below: .nan}",
            "5: segments[0].when.known_outcomes.below: a nu",
        ),
        (
            6,
            "      known_outcomes: {from: 2}",
            "6: segments[0].when.known_outcomes: stands here tw",
        ),
        (6, "      tags: [customer_age]", "6: segments[0].when.tags[0]: names a personal trait"),
        (7, "  - label: rest", "7: segments[1].name: is missing"),
        (1, "versions: 1", "1: version: is missing"),
        (6, "      tags: [gold", "7: expected ',' or ']'"),
    ],
)
def test_a_fault_is_named_with_its_line(
    tmp_path: Path, line: int, instead: str, fault: str
) -> None:
    """The line of what is wrong; of what is missing, that of what it is missing in."""
    lines = SEGMENTS.splitlines()
    lines[line - 1] = instead
    file = tmp_path / "segments.yaml"
    file.write_text("\n".join(lines))

    with pytest.raises(ModelError) as found:
        read_segments(file)

    assert f"{file}:{fault}" in str(found.value)


def test_a_model_may_be_json(tmp_path: Path) -> None:
    """JSON is YAML; its lines count too."""
    file = tmp_path / "model.json"
    file.write_text('{\n  "model": "m",\n  "version": 1\n}')

    with pytest.raises(ModelError, match=r"model\.json:1: prior: is missing"):
        read_scorecard(file)


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    """And is what is used."""
    file = tmp_path / "segments.yaml"
    file.write_text(SEGMENTS)

    assert ["new", "rest"] == [rule.name for rule in read_segments(file).rules]
