"""Creditors' configuration: sound or refused whole, in force from a tick on."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.domain.creditor import DEFAULT, Creditor, creditor_of, publish
from shared.core import Party
from shared.events.billing import ConfigPublished

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def config(number: int, from_: datetime, rows: object) -> ConfigPublished:
    """A configuration with whatever stands for its creditors."""
    document = {"creditors": rows}
    return ConfigPublished.model_validate(
        {"kind": "creditors", "number": number, "from": from_, "document": document}
    )


def published(number: int, from_: datetime, **creditors: object) -> ConfigPublished:
    """A configuration with these creditors."""
    return config(number, from_, creditors)


def test_without_configuration_there_is_one_creditor() -> None:
    """UTC, EUR, 30-day buckets, no grace, oldest due first."""
    expected = Creditor("default", "", "UTC", "EUR", ("1-30", "31-60", "61-90", "91-120", "121+"))

    assert expected == creditor_of(Party(""), "default", NOON)


def test_an_edition_is_in_force_from_the_first_tick_that_is_not_before_it() -> None:
    """Neither at the tick before it was told, nor before its own moment."""
    shared = Party("")

    publish(shared, published(1, NOON + HOUR, acme={"time_zone": "Asia/Tokyo"}), NOON)

    assert DEFAULT == creditor_of(shared, "acme", NOON)
    assert DEFAULT == creditor_of(shared, "acme", NOON + HOUR / 2)
    assert Creditor("acme", time_zone="Asia/Tokyo") == creditor_of(shared, "acme", NOON + HOUR)
    assert DEFAULT == creditor_of(shared, "other", NOON + HOUR)


def test_one_that_was_due_before_it_came_waits_for_the_next_tick() -> None:
    """What was decided at the last tick stays decided."""
    shared = Party("")

    publish(shared, published(1, NOON - HOUR, acme={"grace_days": 3}), NOON)

    assert DEFAULT == creditor_of(shared, "acme", NOON)
    assert Creditor("acme", grace_days=3) == creditor_of(shared, "acme", NOON + HOUR)


def test_a_lower_number_is_ignored() -> None:
    """The same number again, too."""
    shared = Party("")
    publish(shared, published(7, NOON, acme={"name": "new"}), NOON)

    taken = [publish(shared, published(n, NOON, acme={"name": "old"}), NOON) for n in (6, 7)]

    assert [False, False] == taken
    assert Creditor("acme", name="new") == creditor_of(shared, "acme", NOON + HOUR)


def test_an_edition_holds_until_the_next_one_begins() -> None:
    """Later editions that are already known do not hide the one before them."""
    shared = Party("")
    publish(shared, published(1, NOON + HOUR, acme={"name": "first"}), NOON)
    publish(shared, published(2, NOON + 3 * HOUR, acme={"name": "second"}), NOON)
    publish(shared, published(3, NOON + 5 * HOUR, acme={"name": "third"}), NOON)

    names = [creditor_of(shared, "acme", NOON + n * HOUR).name for n in range(7)]

    assert ["", "first", "first", "second", "second", "third", "third"] == names


@pytest.mark.parametrize(
    "rows",
    [
        {"acme": {"buckets": ["1-30", "32+"]}},
        {"acme": {"currency": "EURO"}},
        {"acme": {"small_balance": "0.001"}},
        {"acme": {"time_zone": "Mars/Olympus"}},
        {"acme": {"time_zone": "../etc"}},
        {"acme": {"grace_days": -1}},
        {"acme": {"allocation": "newest"}},
        {"acme": "soon"},
        ["acme"],
        None,
    ],
)
def test_an_unsound_configuration_leaves_the_old_one_in_force(rows: object) -> None:
    """One fault in one creditor refuses all of it."""
    shared = Party("")
    publish(shared, published(1, NOON, acme={"name": "old"}), NOON)
    unsound = config(2, NOON, rows)

    with pytest.raises(ValueError, match=r"."):
        publish(shared, unsound, NOON)

    assert "old" == creditor_of(shared, "acme", NOON + HOUR).name
