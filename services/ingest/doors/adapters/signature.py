"""Whether a webhook comes from whom it says: signatures over the body, in constant time."""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import jwt

from services.ingest.doors.sources import UNAUTHORIZED
from shared.core import Refusal

_MOMENT: Final = re.compile("[0-9]{1,12}")
_SIGNATURES_MAX: Final = 20
"""More in one header are an attempt to keep us busy."""
_TOKEN_MAX: Final = 4_194_304
"""Characters of a token, which has the whole body in it."""
_RS256: Final = ("RS256",)


def stripe(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    now: datetime,
    tolerance_s: int,
) -> Refusal | None:
    """Check `Stripe-Signature: t=…,v1=…`: HMAC-SHA256 of "t.body" in hexadecimal.

    While a secret is replaced there are several `v1`, of which one must fit one of `secrets`. The
    moment `t` may lie `tolerance_s` before now or after it: a request kept for later is no good,
    nor is one made for the future.
    """
    told = headers.get("stripe-signature", "")
    if not told:
        return _no("the header is missing", "stripe-signature")
    pairs = [part.strip().partition("=") for part in told.split(",")]
    moments = [value for name, _, value in pairs if name == "t"]
    given = [value for name, _, value in pairs if name == "v1"]
    if len(moments) != 1 or not _MOMENT.fullmatch(moments[0]):
        return _no("one moment t=… is expected", "stripe-signature")
    if not given or len(given) > _SIGNATURES_MAX:
        return _no("one or a few signatures v1=… are expected", "stripe-signature")
    signed = moments[0].encode() + b"." + body
    made = [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in secrets]
    if not _fit(made, given):
        return _no("no signature fits", "stripe-signature")
    if abs(int(moments[0]) - now.timestamp()) > tolerance_s:
        return _no(f"signed more than {tolerance_s} s from now", "stripe-signature")
    return None


def hmac_base64(
    headers: Mapping[str, str], body: bytes, *, header: str, secrets: Sequence[str]
) -> Refusal | None:
    """Check a header that has the HMAC-SHA256 of the body in base64 (Lago, Frappe)."""
    told = headers.get(header, "")
    if not told:
        return _no("the header is missing", header)
    made = [
        b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode() for key in secrets
    ]
    return None if _fit(made, [told]) else _no("the signature does not fit", header)


def rs256(token: str, *, public_keys: Iterable[str]) -> dict[str, object] | Refusal:
    """The claims of a JWT that one of `public_keys` (PEM) signed with RS256 (RFC 7518, 3.3).

    The algorithm is ours to say, never the token's: one that asks for another is refused.
    """
    if len(token) > _TOKEN_MAX:
        return _no("the token is too long", "x-lago-signature")
    for key in public_keys:
        try:
            return jwt.decode(token, key, algorithms=list(_RS256))
        except jwt.ExpiredSignatureError:
            return _no("the token has expired", "x-lago-signature")
        except (jwt.PyJWTError, ValueError):
            continue
    return _no("no key has signed this token", "x-lago-signature")


def _fit(made: Iterable[str], given: Iterable[str]) -> bool:
    """Whether one of each is the same; all are compared, so that time tells nothing."""
    fits = False
    told = [one.encode("utf-8", "surrogateescape") for one in given]
    for ours in made:
        for theirs in told:
            fits |= hmac.compare_digest(ours.encode(), theirs)
    return fits


def _no(why: str, header: str) -> Refusal:
    return Refusal(UNAUTHORIZED, why, header)
