"""What is told of an account: its profile at the beginning, and what changes in the year."""

import re
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from shared.cli.eventfile import stamp
from shared.cli.history.account import Account
from shared.cli.history.diary import Diary, opening, workday
from shared.cli.history.draw import chance

_UPDATED: Final = "billing.account.updated.v1"


def write_account(diary: Diary, account: Account, rng: Random, *, start: date, days: int) -> None:
    """Its first entry, on the first day, and what changes later in the year."""
    diary.write(
        _UPDATED, f"{account.account_id}-v1", start, {"version": 1, **_profile(account, rng, start)}
    )
    later = sorted(
        start + timedelta(days=rng.randrange(1, max(2, days))) for _ in range(_changes(rng))
    )
    for version, day in enumerate(later, start=2):
        on = workday(day)
        change = rng.choice((_moved, _opted_out, _new_terms))(account, rng, on)
        name = f"{account.account_id}-v{version}"
        diary.write(_UPDATED, name, on, {"version": version, **change})
    if chance(rng, 0.03):
        on = workday(start + timedelta(days=rng.randrange(1, max(2, days))))
        channel = rng.choice(("email", "sms", "phone"))
        diary.command(
            "consent.set",
            f"{account.account_id}-consent",
            max(on, later[-1]) if later else on,
            {"channel": channel, "state": "revoked", "source": "call"},
        )


def _changes(rng: Random) -> int:
    return rng.choices((0, 1, 2), (75, 20, 5))[0]


def _profile(account: Account, rng: Random, start: date) -> dict[str, Any]:
    place = account.place
    since = start - timedelta(days=rng.randrange(30, 4000))
    locality, region, postal_code = rng.choice(place.localities)
    profile: dict[str, Any] = {
        "party_id": account.party_id,
        "creditor_id": place.creditor_id,
        "name": f"Account {account.number:04} {place.company if account.company else ''}".strip(),
        "kind": "company" if account.company else "consumer",
        "role": "first_party",
        "purpose": "commercial" if account.company else "consumer",
        "country": place.country,
        "locality": locality,
        "postal_code": postal_code,
        "time_zones": [place.zone],
        "language": rng.choice(place.languages),
        "currency": place.currency,
        "customer_since": since.isoformat(),
        "payment_terms": f"net {account.terms_days}",
        "autopay": account.habit.autopay,
        "contact_points": _points(account, rng, (locality, region, postal_code)),
    }
    if region:
        profile["region"] = region
    consents = _consents(account, rng, since)
    if consents:
        profile["consents"] = consents
    if chance(rng, 0.08):
        profile["tags"] = ["key"]
    if chance(rng, 0.01):
        profile["statuses"] = [{"status": "attorney", "from": start.isoformat()}]
    if chance(rng, 0.015):
        profile["dunning_block"] = {
            "reason": "negotiation",
            "from": start.isoformat(),
            "until": (start + timedelta(days=rng.randrange(20, 120))).isoformat(),
        }
    return profile


def _points(
    account: Account, rng: Random, town: tuple[str, str, str], *, moved: str = ""
) -> list[dict[str, Any]]:
    """Nearly all can be written to by email; telephones only where numbers are kept free."""
    place = account.place
    locality, region, postal_code = town
    points: list[dict[str, Any]] = []
    if chance(rng, 0.93):
        address = f"account-{account.number:04}{moved}@example.org"
        points.append({"id": "email", "channel": "email", "address": address, "priority": 1})
    if place.mobile and chance(rng, 0.35 if account.company else 0.85):
        points.append({"id": "sms", "channel": "sms", "address": _number(place.mobile, rng)})
    if place.phone and chance(rng, 0.8):
        points.append({"id": "phone", "channel": "phone", "address": _number(place.phone, rng)})
    if chance(rng, 0.9):
        postal = {
            "lines": [f"{1 if not moved else 2} Example Street"],
            "locality": locality,
            "postal_code": postal_code,
            "country": place.country,
            **({"region": region} if region else {}),
        }
        points.append({"id": "letter", "channel": "letter", "postal": postal})
    return points


def _number(free: str, rng: Random) -> str:
    return re.sub("#", lambda _: str(rng.randrange(10)), free)


def _consents(account: Account, rng: Random, since: date) -> list[dict[str, Any]]:
    at = stamp(opening(account.place.office_zone, workday(since)))
    granted = [
        {"kind": "contact", "channel": channel, "state": "granted", "from": at, "source": "terms"}
        for channel in ("email", "sms", "phone")
        if chance(rng, 0.7)
    ]
    if chance(rng, 0.04):
        channel = rng.choice(("email", "sms", "phone"))
        revoked = {"kind": "contact", "channel": channel, "state": "revoked", "from": at}
        return [consent for consent in granted if consent["channel"] != channel] + [revoked]
    return granted


def _moved(account: Account, rng: Random, _on: date) -> dict[str, Any]:
    locality, region, postal_code = rng.choice(account.place.localities)
    points = _points(account, rng, (locality, region, postal_code), moved="-new")
    change = {"locality": locality, "postal_code": postal_code, "contact_points": points}
    return {**change, "region": region} if region else change


def _opted_out(account: Account, rng: Random, on: date) -> dict[str, Any]:
    at = stamp(opening(account.place.office_zone, on))
    channel = rng.choice(("email", "sms", "phone"))
    return {
        "consents": [{"kind": "contact", "channel": channel, "state": "revoked", "from": at}],
    }


def _new_terms(account: Account, rng: Random, _on: date) -> dict[str, Any]:
    return {"payment_terms": f"net {account.terms_days}", "tags": rng.choice(([], ["watch"]))}
