"""Lago's webhooks as events of the contract. One table says what becomes of each of its types.

Lago tries only a few times, so an invoice is told again with its overdue notice: known, it changes
nothing; missed, it is made good. That it is overdue is not taken over: the due date decides.
"""

import hashlib
from base64 import b64decode
from datetime import datetime
from typing import Final

from pydantic_core import from_json

from services.ingest.doors.adapters import signature
from services.ingest.doors.adapters.lago import invoices, objects, payments
from services.ingest.doors.adapters.lago.notice import Notice, Retold
from services.ingest.doors.adapters.telling import (
    Foreign,
    Headers,
    Rules,
    Teller,
    read,
    retold,
)
from services.ingest.doors.sources import UNAUTHORIZED, Source
from shared.core import Refusal

__all__ = ["RULES", "adapt"]

_HEADER: Final = "x-lago-signature"


def adapt(headers: Headers, body: bytes, now: datetime, source: Source) -> Retold:
    """What a webhook of Lago's tells; `unauthorized` where its signature does not prove it.

    Neither of Lago's signatures has a moment in it, so one sent again later is known by its id,
    which is made of what was signed: it is a duplicate and changes nothing.
    """
    refusal = _unsigned(headers, body, source)
    if refusal is not None:
        return refusal
    told = read(objects.Envelope, body)
    if isinstance(told, Refusal):
        return told
    name = hashlib.sha256(body).hexdigest()[:32]

    def notice(found: Foreign) -> Notice:
        at = getattr(found, "updated_at", None) or getattr(found, "created_at", None) or now
        return Notice(name, Teller(source, at))

    content = from_json(body).get(told.object_type)
    return retold(RULES, told.webhook_type, content, told.object_type[:50], by=notice)


def _unsigned(headers: Headers, body: bytes, source: Source) -> Refusal | None:
    """Why the body is not believed: the header is its HMAC, or a token that has it as `data`."""
    if headers.get("x-lago-signature-algorithm", "jwt").strip().lower() == "hmac":
        return signature.hmac_base64(headers, body, header=_HEADER, secrets=source.revealed)
    token = headers.get(_HEADER, "")
    if not token:
        return Refusal(UNAUTHORIZED, "the header is missing", _HEADER)
    claims = signature.rs256(token, public_keys=map(_pem, source.public_keys))
    if isinstance(claims, Refusal):
        return claims
    data = claims.get("data")
    if not isinstance(data, str) or data.encode("utf-8", "surrogatepass") != body:
        return Refusal(UNAUTHORIZED, "the token is not for this body", _HEADER)
    return None


def _pem(key: str) -> str:
    """A public key as PEM; Lago's own page of it has that in base64."""
    if key.lstrip().startswith("-----BEGIN"):
        return key
    try:
        return b64decode(key, validate=True).decode("ascii")
    except ValueError:
        return key


RULES: Final[Rules] = {
    "customer.created": (objects.Customer, invoices.customer),
    "customer.updated": (objects.Customer, invoices.customer),
    "invoice.created": (objects.Invoice, invoices.issued),
    "invoice.one_off_created": (objects.Invoice, invoices.issued),
    "invoice.payment_overdue": (objects.Invoice, invoices.issued),
    "invoice.payment_status_updated": (objects.Invoice, payments.status),
    "invoice.payment_failure": (objects.PaymentFailure, payments.failed),
    "invoice.voided": (objects.Invoice, invoices.voided),
    "payment.succeeded": (objects.Payment, payments.paid),
    "payment_request.payment_failure": (objects.RequestFailure, payments.request_failed),
    "payment_request.payment_status_updated": (objects.PaymentRequest, payments.request_status),
    "credit_note.created": (objects.CreditNote, invoices.credited),
}
"""Lago's type → the object that it carries, and what becomes of it.

Not here: `payment_request.created` (nobody paid yet), drafts, and what is told twice (`*.generated`
is about a PDF).
"""
