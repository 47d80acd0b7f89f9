"""`GET /v1/overdue`: every account with something overdue, and what there is in each bucket."""

from typing import Final

from services.ingest.domain.invoice import SEPARATOR
from services.ingest.domain.standing import (
    ACCOUNTS,
    AMOUNT,
    ITEMS,
    LARGEST,
    OLDEST,
    Standing,
    in_bucket,
)
from services.ingest.reading.accounts import LIMIT, LIMIT_MAX
from services.ingest.reading.paging import place_of, token
from services.ingest.reading.shown import Json
from services.ingest.store import Books, Figures
from shared.line.ports import Unavailable
from shared.money import text
from shared.runtime.doors import Problem, Request, Response, answer
from shared.runtime.query import Query

ORDERS: Final = (LARGEST, OLDEST)


class OverdueApi:
    """The accounts with something overdue, as the ledger announced it up to the latest tick."""

    def __init__(self, books: Books) -> None:
        """Read from `books`."""
        self._books = books

    async def __call__(self, request: Request) -> Response:
        """A page of them; the first one has the sums over all accounts too."""
        query = Query(request.query, ("creditor", "bucket", "order", "limit", "after"))
        order = query.choice("order", LARGEST, ORDERS)
        limit = query.number("limit", LIMIT, most=LIMIT_MAX)
        creditor, bucket = query.text("creditor"), query.text("bucket")
        after = place_of(query.text("after"))
        if "." in bucket or "$" in bucket:
            raise Problem(400, "invalid", "a bucket such as 31-60 is expected", "bucket")
        begin = f"{creditor}{SEPARATOR}" if creditor else ""
        listed = in_bucket(bucket) if bucket else order
        within = {listed: begin}
        if bucket and order == OLDEST:
            within[OLDEST], listed = begin, OLDEST
        try:
            told = await self._books.overdue(
                within, listed, after=after, limit=limit, figures=not after
            )
        except Unavailable as failure:
            raise Problem(503, "unavailable", str(failure)) from failure
        oldest = min(told.ticks, default=None)
        found: Json = {}
        if told.figures is not None:
            found = {"summary": _summary(told.figures, creditor, bucket)}
        page = told.page
        return answer(
            {
                "true_up_to": oldest.isoformat() if oldest else None,
                **found,
                "accounts": [_shown(standing) for _, standing in page],
                "next": token(page[-1][0]) if len(page) == limit else None,
            }
        )


def _summary(figures: Figures, creditor: str, bucket: str) -> list[Json]:
    return [
        {
            "creditor_id": of,
            "currency": currency,
            "buckets": [
                {
                    "bucket": label,
                    "amount": text(sums.get((label, AMOUNT), 0), currency),
                    "items": sums.get((label, ITEMS), 0),
                    "accounts": sums.get((label, ACCOUNTS), 0),
                }
                for label in sorted({label for label, _ in sums}, key=_first_day)
                if sums.get((label, ITEMS), 0) and bucket in ("", label)
            ],
        }
        for (of, currency), sums in sorted(figures.items())
        if creditor in ("", of)
    ]


def _shown(standing: Standing) -> Json:
    currency = standing.currency
    shares = sorted(standing.buckets.items(), key=lambda share: _first_day(share[0]))
    return {
        "account_id": standing.account_id,
        "creditor_id": standing.creditor_id,
        "currency": currency,
        "overdue_amount": text(sum(amount for _, (amount, _) in shares), currency),
        "overdue_items": sum(items for _, (_, items) in shares),
        "oldest_due_on": standing.oldest_due_on,
        "buckets": [
            {"bucket": label, "amount": text(amount, currency), "items": items}
            for label, (amount, items) in shares
        ],
    }


def _first_day(label: str) -> int:
    """Where a bucket belongs among others: by its first day."""
    first = label.rstrip("+").partition("-")[0]
    return int(first) if first.isdecimal() else 0
