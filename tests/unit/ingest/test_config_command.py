"""`arrears config`: what is wrong with creditors is said before they are published."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.command.config import app
from services.ingest.domain.creditor import Creditor, creditor_of, faults, publish
from shared import envelope
from shared.core import Event, Party
from shared.events import ACCEPTED
from shared.events.billing import ConfigPublished

SOUND = """
creditors:
  acme:
    name: Acme Ltd
    country: GB
    time_zone: Europe/London
    currency: GBP
    buckets: [1-15, 16-45, 46+]
    grace_days: 3
    small_balance: "0.50"
    allocation: proportional
    suspense_account: ACC-0
    weekend: [saturday, sunday]
    holidays: [2026-12-25]
  beta: {}
"""


def run(tmp_path: Path, text: str, *arguments: str) -> tuple[int, str]:
    """The exit code and all output of a subcommand over a file of this text."""
    file = tmp_path / "creditors.yaml"
    file.write_text(text, encoding="utf-8")
    told = CliRunner().invoke(app, [arguments[0], str(file), *arguments[1:]])
    return told.exit_code, told.output


def test_a_sound_file_is_said_to_be_sound(tmp_path: Path) -> None:
    """With the creditors that it has."""
    code, said = run(tmp_path, SOUND, "check")

    assert (0, True) == (code, "2 sound: acme, beta" in said)


def test_what_nobody_acts_on_is_said(tmp_path: Path) -> None:
    """Fields that would change nothing are no faults, but nobody should rely on them."""
    _, said = run(tmp_path, SOUND, "check")
    _, other = run(tmp_path, "creditors: {acme: {currency: GBP}}", "check")

    assert "kept, without effect yet: country, holidays, weekend" in said
    assert "without effect" not in other


def test_the_example_in_the_manual_is_sound(tmp_path: Path) -> None:
    """docs/ledger.md shows a file that may be copied."""
    manual = Path(__file__).parents[3] / "docs" / "ledger.md"
    example = manual.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]

    assert (0, True) == ((ran := run(tmp_path, example, "check"))[0], "1 sound: acme" in ran[1])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]",
            "creditors.acme.weekend: no day of the week is left to work on",
        ),
        ("buckets: [1-30, 32+]", "creditors.acme.buckets: bucket '32+' leaves a gap before it"),
        ("buckets: [1-30, 30+]", "creditors.acme.buckets: bucket '30+' overlaps the one before"),
        ("buckets: [1-30]", "creditors.acme.buckets: bucket '1-30': the last one, and no other"),
        (
            "time_zone: Mars/Olympus",
            "creditors.acme.time_zone: 'Mars/Olympus' is no IANA time zone",
        ),
        ("currency: EURO", "creditors.acme.currency: "),
        ('small_balance: "0.001"', "creditors.acme.small_balance: 0.001 has more than the 2"),
        ("small_balance: 0.05", "creditors.acme.small_balance: Input should be a valid string"),
        ("grace_days: -1", "creditors.acme.grace_days: it is below 0"),
        ("grace_days: 36501", "creditors.acme.grace_days: it is above 36500"),
        ("grace_day: 1", "creditors.acme.grace_day: there is no such field"),
        ("allocation: richest", "creditors.acme.allocation: Input should be"),
        ("country: England", "creditors.acme.country: an ISO 3166 code"),
        ("weekend: [someday]", "creditors.acme.weekend.0: Input should be"),
        ("holidays: [2026-02-30]", "creditors.acme.holidays.0: Input should be a valid date"),
    ],
)
def test_each_fault_is_named_with_its_place(tmp_path: Path, row: str, said: str) -> None:
    """So that whoever wrote it finds it."""
    text = f"creditors:\n  acme:\n    {row}\n"
    quoted = text.replace("[2026-02-30]", '["2026-02-30"]')

    code, words = run(tmp_path, quoted, "check")

    assert 1 == code
    assert said in words


@pytest.mark.parametrize(
    "text", ["", "[]", "creditors: [acme]", "creditors:\n  acme: 5\n", "a: [", "x"]
)
def test_what_is_no_file_of_creditors_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    """Whatever it is; no traceback."""
    code, words = run(tmp_path, text, "check")

    assert (1, False) == (code, "Traceback" in words)


def test_all_faults_are_said_at_once() -> None:
    """Not only the first."""
    rows = {"a": {"grace_days": -1, "country": "X"}, "b": {"allocation": 1}}

    assert 3 == len(faults({"creditors": rows}))


def test_the_event_publishes_what_was_checked(tmp_path: Path) -> None:
    """The door takes it, and it is in force from the first tick that is not before."""
    code, line = run(tmp_path, SOUND, "event", "--number", "7", "--from", "2026-01-01")

    told = envelope.from_structured(line.encode())
    assert isinstance(told, envelope.Envelope)
    event = envelope.event(told, accepted=ACCEPTED["billing.events"], foreign=True)
    assert isinstance(event, Event)
    assert isinstance(event.data, ConfigPublished)
    shared = Party("")
    assert publish(shared, event.data, datetime(2025, 12, 31, tzinfo=UTC))
    acme = creditor_of(shared, "acme", datetime(2026, 1, 1, tzinfo=UTC))
    assert (0, "proportional", 50) == (code, acme.allocation, acme.small_minor)
    assert Creditor("beta") == creditor_of(shared, "beta", datetime(2026, 1, 1, tzinfo=UTC))


def test_an_unsound_file_is_not_published(tmp_path: Path) -> None:
    """Nothing is written but the fault; nor for a day that does not exist."""
    unsound = run(
        tmp_path,
        "creditors: {a: {grace_days: -1}}",
        "event",
        "--number",
        "1",
        "--from",
        "2026-01-01",
    )
    no_day = run(tmp_path, SOUND, "event", "--number", "1", "--from", "2026-02-30")

    assert (1, 2) == (unsound[0], no_day[0])
    assert "specversion" not in unsound[1] + no_day[1]
