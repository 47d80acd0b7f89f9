"""What the OpenAPI document says of the reading doors."""

from typing import Any, Final

from services.ingest.doors.openapi import PROBLEM
from services.ingest.reading.accounts import LIMIT, LIMIT_MAX, STATES
from services.ingest.reading.overdue import ORDERS
from services.ingest.reading.statements import FORMATS, LINES_MAX

Json = dict[str, Any]
_ANSWERS: Final = {
    "400": "A value cannot be right; `field` names it.",
    "401": "No API key, or none that is known.",
    "403": "The key may not read.",
    "404": "No event has named the account.",
    "429": "Too many questions wait, or the key asks too much; `retry-after` says how long.",
    "503": "The store does not answer in time; `retry-after` says how long.",
}
_DAY: Final = {"type": "string", "format": "date"}
_TEXT: Final = {"type": "string"}


def _of(name: str, about: str, schema: Json, *, required: bool = False) -> Json:
    return {
        "name": name, "in": "query", "required": required, "description": about, "schema": schema,
    }  # fmt: skip


_ACCOUNT: Final = _of("account_id", "Whose.", _TEXT, required=True)
_AS_OF: Final = _of("as_of", "At the end of which day; default: the creditor's today.", _DAY)
_KNOWN_AT: Final = _of(
    "known_at",
    "Only what had been taken when the clock ticked this moment; default: all that is known now.",
    {"type": "string", "format": "date-time"},
)
_PAGE: Final = (
    _of("limit", "How many.", {"type": "integer", "maximum": LIMIT_MAX, "default": LIMIT}),
    _of("after", "The `next` of the page before.", _TEXT),
)


def paths() -> Json:
    """The reading doors by their paths."""
    return {
        "/v1/account/position": _get(
            "What an account owes and has, by currency and bucket, at the end of a day.",
            _ACCOUNT, _AS_OF, _KNOWN_AT,
        ),
        "/v1/account/items": _get(
            "An account's items at the end of a day: the open ones by invoice, then the settled"
            " ones as they were settled.",
            _ACCOUNT, _of("state", "Which.", {"enum": list(STATES), "default": "open"}), _AS_OF,
            _KNOWN_AT, *_PAGE,
        ),
        "/v1/account/entries": _get(
            "Every entry of an account, with the id of the event that caused it.",
            _ACCOUNT, _of("invoice_id", "Only this invoice's.", _TEXT),
            _of("from", "The first business day.", _DAY), _of("to", "The last one.", _DAY),
            _KNOWN_AT, *_PAGE,
        ),
        "/v1/account/statement": _get(
            "An account's statement: opening balance, each entry, closing balance and its aging,"
            f" by currency. At most {LINES_MAX:,} entries, else 413.",
            _ACCOUNT, _of("from", "The first day; default: the first of the month.", _DAY),
            _of("to", "The last day; default: the creditor's today.", _DAY), _KNOWN_AT,
            _of("format", "How it is written.", {"enum": list(FORMATS), "default": FORMATS[0]}),
            more={"413": "The period has too many entries."},
        ),
        "/v1/overdue": _get(
            "Every account with something overdue; the first page has the sums by bucket.",
            _of("creditor", "Only this creditor's.", _TEXT),
            _of("bucket", "Only accounts that have something in it, such as 31-60.", _TEXT),
            _of("order", "What comes first.", {"enum": list(ORDERS), "default": ORDERS[0]}), *_PAGE,
        ),
    }  # fmt: skip


def _get(about: str, *parameters: Json, more: dict[str, str] | None = None) -> Json:
    answers = {**_ANSWERS, **(more or {})}
    return {
        "get": {
            "description": about,
            "security": [{"key": []}],
            "parameters": list(parameters),
            "responses": {
                "200": {"description": "The answer; `true_up_to` is the latest tick it knows of."},
                **{
                    status: {"description": meaning, "content": PROBLEM}
                    for status, meaning in sorted(answers.items())
                },
            },
        }
    }
