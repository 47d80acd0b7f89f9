"""Features of what passed between the account and its collectors: words, kept or not, answers."""

from typing import Final

from services.scoring.domain.feature import AsOf, Feature, Value

COUNT_MAX: Final = 10**9


def _promises_open(seen: AsOf) -> Value:
    return seen.behaviour.promises_open, 1


def _promises_kept(seen: AsOf) -> Value:
    return seen.behaviour.promises_kept, 1


def _promises_broken(seen: AsOf) -> Value:
    return seen.behaviour.promises_broken, 1


def _disputes_open(seen: AsOf) -> Value:
    return len(seen.behaviour.disputes), 1


def _disputes_lost(seen: AsOf) -> Value:
    return seen.behaviour.disputes_lost, 1


def _contacts(seen: AsOf) -> Value:
    return seen.behaviour.contacts_reached + seen.behaviour.contacts_missed, 1


def _contact_answered_share(seen: AsOf) -> Value:
    return 100 * seen.behaviour.contacts_reached, _contacts(seen)[0] or 1


def _judged(count: int, seen: AsOf) -> str:
    behaviour = seen.behaviour
    return f"{count} of {behaviour.promises_kept + behaviour.promises_broken} promises"


def _answered_in_words(seen: AsOf) -> str:
    return f"{seen.behaviour.contacts_reached} of {_contacts(seen)[0]} contacts"


DEALT: Final = (
    Feature(
        "promises_open", "promises", 0, COUNT_MAX, "promises to pay whose last day has not passed",
        _promises_open, lambda seen: str(seen.behaviour.promises_open),
    ),
    Feature(
        "promises_kept", "promises", 0, COUNT_MAX,
        "promises of which at least nine tenths came by three days after the day promised",
        _promises_kept, lambda seen: _judged(seen.behaviour.promises_kept, seen),
    ),
    Feature(
        "promises_broken", "promises", 0, COUNT_MAX, "promises of which less came by then",
        _promises_broken, lambda seen: _judged(seen.behaviour.promises_broken, seen),
    ),
    Feature(
        "disputes_open", "disputes", 0, COUNT_MAX, "disputes not resolved yet",
        _disputes_open, lambda seen: str(len(seen.behaviour.disputes)),
    ),
    Feature(
        "disputes_lost", "disputes", 0, COUNT_MAX,
        "disputes that ended rejected or withdrawn: the objection did not stand",
        _disputes_lost, lambda seen: str(seen.behaviour.disputes_lost),
    ),
    Feature(
        "contacts", "contacts", 0, COUNT_MAX,
        "calls, and letters and messages answered: whatever told whether the debtor was reached",
        _contacts, lambda seen: str(_contacts(seen)[0]),
    ),
    Feature(
        "contact_answered_share", "percent", 0, 100,
        "contacts in which the right party answered",
        _contact_answered_share, _answered_in_words,
    ),
)  # fmt: skip
