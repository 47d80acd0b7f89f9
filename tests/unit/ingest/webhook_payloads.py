"""Webhooks as the providers document them, field by field, signed with secrets of our own."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from services.ingest.doors import Source

Json = dict[str, Any]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
T = int(NOW.timestamp())
DAY = 86_400

STRIPE = Source(
    name="stripe",
    kind="stripe",
    secrets=(SecretStr("whsec_new"), SecretStr("whsec_old")),
    creditor_id="acme",
    time_zone="Europe/Berlin",
)
ERPNEXT = Source(name="erpnext", kind="erpnext", secrets=(SecretStr("frappe"),))


@cache
def lago_key() -> rsa.RSAPrivateKey:
    """A key such as Lago signs with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def lago() -> Source:
    """A source of Lago's that takes both of its signatures."""
    public = (
        lago_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return Source(
        name="lago",
        kind="lago",
        secrets=(SecretStr("hmac-key"),),
        public_keys=(b64encode(public).decode(),),
    )


def body_of(content: object) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(content).encode()


def stripe_signed(body: bytes, *, at: int = T, key: str = "whsec_new") -> dict[str, str]:
    """The header of a webhook of Stripe's."""
    made = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={at},v1={made}"}


def _hmac64(secret: str, body: bytes) -> str:
    return b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def lago_signed(body: bytes, *, key: str = "hmac-key") -> dict[str, str]:
    """The headers of a webhook of Lago's with an HMAC."""
    return {
        "x-lago-signature": _hmac64(key, body),
        "x-lago-signature-algorithm": "hmac",
    }


def lago_token(body: bytes) -> dict[str, str]:
    """The headers of a webhook of Lago's with a token."""
    claims = {"data": body.decode(), "iss": "https://api.example.org"}
    token = jwt.encode(claims, lago_key(), algorithm="RS256")
    return {"x-lago-signature": token, "x-lago-signature-algorithm": "jwt"}


def forged_token(body: bytes, *, algorithm: str) -> dict[str, str]:
    """The same, not signed ("none"), or with the public key as if it were a secret ("HS256")."""
    claims = {"data": body.decode(), "iss": "https://api.example.org"}
    parts = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": algorithm, "typ": "JWT"}, claims)
    ]
    key = b64decode(lago().public_keys[0])
    made = hmac.new(key, b".".join(parts), hashlib.sha256).digest()
    sealed = urlsafe_b64encode(made).rstrip(b"=") if algorithm == "HS256" else b""
    token = b".".join([*parts, sealed]).decode()
    return {"x-lago-signature": token, "x-lago-signature-algorithm": "jwt"}


def erpnext_signed(body: bytes, *, key: str = "frappe") -> dict[str, str]:
    """The header of a webhook of Frappe's."""
    return {"x-frappe-webhook-signature": _hmac64(key, body)}


def stripe_event(kind: str, thing: Json, *, before: Json | None = None, at: int = T) -> Json:
    """An event around a snapshot of its object."""
    data: Json = {"object": thing}
    if before is not None:
        data["previous_attributes"] = before
    return {
        "id": f"evt_{kind}_{thing.get('id')}",
        "object": "event",
        "api_version": "2026-06-24.dahlia",
        "created": at,
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        "data": data,
    }


def stripe_invoice(**changed: object) -> Json:
    """An invoice sent for payment in thirty days, open."""
    return {
        "id": "in_1",
        "object": "invoice",
        "amount_due": 12_000,
        "amount_paid": 0,
        "amount_remaining": 12_000,
        "attempt_count": 0,
        "collection_method": "send_invoice",
        "created": T - DAY,
        "currency": "usd",
        "customer": "cus_1",
        "customer_address": {"country": "DE", "city": "Berlin", "postal_code": "10115"},
        "customer_email": "payables@example.org",
        "customer_name": "Example GmbH",
        "customer_phone": None,
        "due_date": T + 30 * DAY,
        "effective_at": T,
        "hosted_invoice_url": "https://invoice.example.org/in_1",
        "invoice_pdf": "https://invoice.example.org/in_1.pdf",
        "metadata": {},
        "next_payment_attempt": None,
        "number": "ACME-0001",
        "parent": None,
        "starting_balance": 0,
        "status": "open",
        "status_transitions": {
            "finalized_at": T,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "total": 12_000,
        **changed,
    }


def stripe_invoice_payment(**changed: object) -> Json:
    """A payment of a part of an invoice."""
    return {
        "id": "inpay_1",
        "object": "invoice_payment",
        "amount_paid": 5_000,
        "amount_requested": 12_000,
        "created": T,
        "currency": "usd",
        "invoice": "in_1",
        "is_default": True,
        "livemode": True,
        "payment": {"payment_intent": "pi_1", "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": T},
        **changed,
    }


def stripe_credit_note(**changed: object) -> Json:
    """A credit note on an invoice that was not paid in full."""
    return {
        "id": "cn_1",
        "object": "credit_note",
        "amount": 3_000,
        "created": T,
        "currency": "usd",
        "customer": "cus_1",
        "effective_at": T,
        "invoice": "in_1",
        "number": "ACME-0001-CN-01",
        "post_payment_amount": 1_000,
        "pre_payment_amount": 2_000,
        "reason": "order_change",
        "status": "issued",
        "total": 3_000,
        "type": "mixed",
        "voided_at": None,
        **changed,
    }


def stripe_refund(**changed: object) -> Json:
    """A refund that succeeded."""
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 1_000,
        "charge": "ch_1",
        "created": T,
        "currency": "usd",
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "requested_by_customer",
        "status": "succeeded",
        **changed,
    }


def stripe_dispute(**changed: object) -> Json:
    """A chargeback."""
    return {
        "id": "du_1",
        "object": "dispute",
        "amount": 5_000,
        "balance_transactions": [],
        "charge": "ch_1",
        "created": T,
        "currency": "usd",
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "product_not_received",
        "status": "needs_response",
        **changed,
    }


def stripe_customer(**changed: object) -> Json:
    """A customer."""
    return {
        "id": "cus_1",
        "object": "customer",
        "address": {"country": "DE", "city": "Berlin", "line1": "A 1", "postal_code": "10115"},
        "balance": 0,
        "created": T,
        "currency": "usd",
        "delinquent": False,
        "email": "payables@example.org",
        "name": "Example GmbH",
        "phone": "+4930123456",
        "preferred_locales": ["de-DE"],
        **changed,
    }


def lago_event(kind: str, object_type: str, thing: Json) -> Json:
    """A webhook around its object."""
    return {
        "webhook_type": kind,
        "object_type": object_type,
        "organization_id": "8b1b9b7a-0000-4000-8000-000000000001",
        object_type: thing,
    }


def lago_customer(**changed: object) -> Json:
    """A customer of Lago's."""
    return {
        "lago_id": "c-0001",
        "external_id": "customer-1",
        "name": "Example GmbH",
        "legal_name": None,
        "email": "payables@example.org",
        "phone": None,
        "country": "DE",
        "city": "Berlin",
        "zipcode": "10115",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "created_at": "2026-01-01T08:00:00Z",
        "updated_at": "2026-03-01T08:00:00Z",
        **changed,
    }


def lago_invoice(**changed: object) -> Json:
    """A final invoice."""
    return {
        "lago_id": "i-0001",
        "number": "LAG-001-001",
        "issuing_date": "2026-03-01",
        "payment_due_date": "2026-03-31",
        "net_payment_term": 30,
        "invoice_type": "subscription",
        "status": "finalized",
        "payment_status": "pending",
        "payment_overdue": False,
        "currency": "EUR",
        "total_amount_cents": 11_900,
        "total_paid_amount_cents": 0,
        "total_due_amount_cents": 11_900,
        "version_number": 4,
        "created_at": "2026-03-01T08:00:00Z",
        "updated_at": "2026-03-01T08:00:05Z",
        "voided_at": None,
        "file_url": None,
        "customer": lago_customer(),
        **changed,
    }


def lago_payment(**changed: object) -> Json:
    """A payment of one invoice."""
    return {
        "lago_id": "p-0001",
        "lago_customer_id": "c-0001",
        "external_customer_id": "customer-1",
        "invoice_ids": ["i-0001"],
        "lago_payable_id": "i-0001",
        "payable_type": "Invoice",
        "amount_cents": 11_900,
        "amount_currency": "EUR",
        "status": "succeeded",
        "payment_status": "succeeded",
        "type": "manual",
        "reference": "transfer 17",
        "created_at": "2026-03-02T07:30:00Z",
        **changed,
    }


def lago_credit_note(**changed: object) -> Json:
    """A credit note of which a part lowers its invoice."""
    return {
        "lago_id": "n-0001",
        "number": "LAG-001-001-CN001",
        "lago_invoice_id": "i-0001",
        "invoice_number": "LAG-001-001",
        "issuing_date": "2026-03-02",
        "credit_status": "available",
        "refund_status": None,
        "reason": "other",
        "currency": "EUR",
        "total_amount_cents": 3_000,
        "credit_amount_cents": 1_000,
        "refund_amount_cents": 0,
        "offset_amount_cents": 2_000,
        "created_at": "2026-03-02T08:00:00Z",
        "updated_at": "2026-03-02T08:00:00Z",
        "customer": lago_customer(),
        **changed,
    }


def erpnext_event(**changed: object) -> Json:
    """What the template of docs/webhooks.md writes of a sales invoice."""
    return {
        "specversion": "1.0",
        "id": "ACC-SINV-2026-00001:issued",
        "source": "erpnext",
        "type": "billing.invoice.issued.v1",
        "time": "2026-03-02T08:59:00+00:00",
        "data": {
            "account_id": "CUST-0001",
            "invoice_id": "ACC-SINV-2026-00001",
            "issued_on": "2026-03-02",
            "due_on": "2026-04-01",
            "amount": "119.00",
            "currency": "EUR",
        },
        **changed,
    }


EVERY: dict[str, tuple[Source, Json]] = {
    **{
        f"stripe {one['type']}": (STRIPE, one)
        for one in (
            stripe_event("customer.created", stripe_customer()),
            stripe_event("customer.updated", stripe_customer()),
            stripe_event("invoice.finalized", stripe_invoice()),
            stripe_event("invoice.updated", stripe_invoice(), before={"due_date": T}),
            stripe_event("invoice.paid", stripe_invoice(amount_paid=12_000, payment_intent="pi_1")),
            stripe_event("invoice.payment_failed", stripe_invoice(next_payment_attempt=T + DAY)),
            stripe_event("invoice.voided", stripe_invoice(status="void")),
            stripe_event("invoice.marked_uncollectible", stripe_invoice(status="uncollectible")),
            stripe_event("invoice_payment.paid", stripe_invoice_payment()),
            stripe_event("credit_note.created", stripe_credit_note()),
            stripe_event("credit_note.voided", stripe_credit_note(status="void", voided_at=T)),
            stripe_event("refund.created", stripe_refund()),
            stripe_event("refund.updated", stripe_refund()),
            stripe_event("refund.failed", stripe_refund(status="failed")),
            stripe_event("charge.dispute.funds_withdrawn", stripe_dispute()),
            stripe_event("charge.dispute.funds_reinstated", stripe_dispute(status="won")),
        )
    },
    "erpnext": (ERPNEXT, erpnext_event()),
}
"""One of each that an adapter knows, but Lago's, whose key is made when it is needed."""


@cache
def lago_every() -> tuple[Json, ...]:
    """One of each of Lago's that its adapter knows."""
    failure = {"lago_invoice_id": "i-0001", "external_customer_id": "customer-1"}
    request = {
        "lago_id": "r-0001",
        "payment_status": "failed",
        "customer": lago_customer(),
        "invoices": [{"lago_id": "i-0001"}],
    }
    refused = {
        "lago_payment_request_id": "r-0001",
        "lago_invoice_ids": ["i-0001"],
        "external_customer_id": "customer-1",
    }
    return (
        lago_event("customer.created", "customer", lago_customer()),
        lago_event("customer.updated", "customer", lago_customer()),
        lago_event("invoice.created", "invoice", lago_invoice()),
        lago_event("invoice.one_off_created", "invoice", lago_invoice()),
        lago_event("invoice.payment_overdue", "invoice", lago_invoice(payment_overdue=True)),
        lago_event(
            "invoice.payment_status_updated", "invoice", lago_invoice(payment_status="failed")
        ),
        lago_event("invoice.payment_failure", "payment_provider_invoice_payment_error", failure),
        lago_event("invoice.voided", "invoice", lago_invoice(status="voided", customer=None)),
        lago_event("payment.succeeded", "payment", lago_payment()),
        lago_event(
            "payment_request.payment_failure",
            "payment_provider_payment_request_payment_error",
            refused,
        ),
        lago_event("payment_request.payment_status_updated", "payment_request", request),
        lago_event("credit_note.created", "credit_note", lago_credit_note()),
    )
