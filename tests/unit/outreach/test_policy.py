"""Policies: what comes with Arrears, and how one that cannot be used is refused."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from services.outreach.domain.hours import Window
from services.outreach.domain.policy import Policy, PolicyError
from tests.unit.outreach.stories import DEFAULT, always_open, step

Document = dict[str, Any]


def test_the_policy_that_comes_along_has_five_steps_in_two_languages() -> None:
    """A note, two reminders, a call and a letter, each in English and German."""
    assert [(-5, "email"), (3, "email"), (14, "email"), (21, "phone"), (35, "letter")] == [
        (each.offset_days, each.channels[0]) for each in DEFAULT.steps
    ]
    assert all({"en", "de"} == set(each.texts) for each in DEFAULT.steps)
    assert Window(480, 1200, frozenset(range(5))) == DEFAULT.channels["email"].window


THREATS = ("court", "sue", "legal action", "credit rating", "gericht", "klage", "schufa", "inkasso")


def test_its_words_are_respectful() -> None:
    """No step threatens; each that is written to the debtor says how to object or ask for help."""
    for each in DEFAULT.steps:
        for language, text in each.texts.items():
            words = text.body.lower()
            assert not any(threat in words for threat in THREATS), (each.name, language)
            assert "{creditor}" in text.body
            assert "{amount}" in text.body
            assert "{items}" in text.body
            if each.channels != ("phone",):
                assert any(
                    help_ in words for help_ in ("reply", "write to us", "antworten", "schreiben")
                )


def put(path: str, value: object) -> Callable[[Document], None]:
    """Set one value of a document, by its path."""

    def change(document: Document) -> None:
        *way, last = path.split(".")
        place: Any = document
        for name in way:
            place = place[int(name)] if name.isdigit() else place[name]
        place[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (put("version", 2), "version"),
        (put("colour", "blue"), "colour"),
        (put("steps", []), "steps"),
        (put("steps.0.offset_days", "3"), "steps.0.offset_days"),
        (put("steps.0.channels", ["fax"]), "steps.0.channels.0"),
        (put("steps.0.channels", ["letter"]), "steps.0.channels"),
        (put("steps.0.texts.en.body", "Dear {nmae}"), "steps.0.texts.en.body"),
        (put("steps.0.minimum", {"EUR": "1.001"}), "steps.0.minimum"),
        (put("steps.0.minimum", {"EUX": "1"}), "steps.0.minimum"),
        (put("steps.0.after_previous_days", 3), "steps.0.after_previous_days"),
        (put("channels.email.hours", ["20:00", "08:00"]), "channels.email"),
        (put("channels.email.hours", ["8:00", "20:00"]), "channels.email.hours.0"),
        (put("channels.email.weekdays", []), "channels.email.weekdays"),
        (put("channels.email.consent", "perhaps"), "channels.email.consent"),
        (put("caps", [{"most": 1}]), "caps.0.days"),
        (put("tolerance", {"EUR": 1.0}), "tolerance.EUR"),
        (put("promise", {"kept_percent": 101}), "promise.kept_percent"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_with_the_path(
    change: Callable[[Document], None], path: str
) -> None:
    """The first word of the refusal is where the fault is, or the text names it."""
    document: Document = yaml.safe_load(yaml.safe_dump(always_open()))
    change(document)

    with pytest.raises(PolicyError) as refused:
        Policy.from_document(document)

    assert path in str(refused.value)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([step("a", 1), step("a", 2)], "two steps are called a"),
        ([step("a", 5), step("b", 2)], "steps.1.offset_days"),
    ],
)
def test_steps_stand_in_order_under_names_of_their_own(steps: list[Document], words: str) -> None:
    """Two of one name, or one before its time, are refused."""
    with pytest.raises(PolicyError, match=words):
        Policy.from_document(always_open(steps=steps))


def test_what_is_no_json_is_refused() -> None:
    """A date that YAML made of a word is no text."""
    with pytest.raises(PolicyError):
        Policy.from_document(always_open(version=yaml.safe_load("2026-01-01")))
