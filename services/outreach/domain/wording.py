"""What a contact says: plain text with plain placeholders, in the account's language."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

from shared.events.outreach import Money, TaskItem

PLACEHOLDERS: Final = frozenset(
    {"name", "creditor", "amount", "items", "count", "due_on", "past_due_days", "pay_url"}
)
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_LINES_MAX: Final = 20
_DUE: Final = {"en": "due", "de": "fällig am"}
_MORE: Final = {"en": "- and {count} more", "de": "- und {count} weitere"}
_AND: Final = {"en": " and ", "de": " und "}
_NAMELESS: Final = {"en": "customer", "de": "Kundin, sehr geehrter Kunde"}


class Worded(Protocol):
    """A subject and a body with placeholders."""

    @property
    def subject(self) -> str:
        """One line."""
        ...

    @property
    def body(self) -> str:
        """The rest."""
        ...


def placeholders(text: str) -> frozenset[str]:
    """The names in braces in a text."""
    return frozenset(_PLACEHOLDER.findall(text))


def language_of(wanted: str, offered: Mapping[str, object]) -> str:
    """The language to write in: the one wanted, its base ("de" for "de-AT"), English, the first."""
    for tag in (wanted, wanted.partition("-")[0].lower(), "en"):
        if tag in offered:
            return tag
    return next(iter(offered))


def render(
    text: Worded,
    *,
    language: str,
    name: str,
    creditor: str,
    amounts: Sequence[Money],
    items: Sequence[TaskItem],
    total: int,
) -> tuple[str, str]:
    """Subject and body. Values are put in once, as they are: no value is read as a template."""
    phrases = language if language in _DUE else "en"
    due = _DUE[phrases]
    lines = [
        f"- {item.number or item.invoice_id or item.item_id}: "
        f"{item.open_amount} {item.currency}, {due} {item.due_on.isoformat()}"
        for item in items[:_LINES_MAX]
    ]
    if total > _LINES_MAX:
        lines.append(_MORE[phrases].format(count=total - _LINES_MAX))
    values = {
        "name": name or _NAMELESS[phrases],
        "creditor": creditor,
        "amount": _AND[phrases].join([f"{money.amount} {money.currency}" for money in amounts]),
        "items": "\n".join(lines),
        "count": str(total),
        "due_on": items[0].due_on.isoformat() if items else "",
        "past_due_days": str(items[0].past_due_days) if items else "",
        "pay_url": next((item.pay_url for item in items if item.pay_url), ""),
    }
    subject = _fill(text.subject, values).replace("\n", " ")
    return subject, _fill(text.body, values)


def _fill(text: str, values: Mapping[str, str]) -> str:
    filled = list(_parts(text))
    for number in range(1, len(filled), 2):
        name = filled[number]
        filled[number] = values.get(name, f"{{{name}}}")
    return "".join(filled)


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[str, ...]:
    """A text cut at its placeholders: every other part is the name of one."""
    return tuple(_PLACEHOLDER.split(text))
