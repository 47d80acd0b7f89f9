"""Webhooks: who is believed, and what each provider's words become."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Template
from pydantic import SecretStr

from services.ingest.doors import Source
from services.ingest.doors.adapters.stripe.objects import amount
from services.ingest.doors.webhooks import retell
from shared.core import Event, Refusal
from tests.unit.ingest.webhook_payloads import (
    ERPNEXT,
    NOW,
    STRIPE,
    Json,
    T,
    body_of,
    erpnext_event,
    erpnext_signed,
    forged_token,
    lago,
    lago_credit_note,
    lago_customer,
    lago_event,
    lago_invoice,
    lago_payment,
    lago_signed,
    lago_token,
    stripe_credit_note,
    stripe_dispute,
    stripe_event,
    stripe_invoice,
    stripe_invoice_payment,
    stripe_refund,
    stripe_signed,
)

DOCS = Path(__file__).parents[3] / "docs" / "webhooks.md"
INVOICE = body_of(stripe_event("invoice.finalized", stripe_invoice()))
LAGO = body_of(lago_event("invoice.created", "invoice", lago_invoice()))


def told_by_stripe(event: Json) -> list[Event]:
    """The events of a webhook of Stripe's that is taken, without what only names the creditor."""
    body = body_of(event)
    told = retell(stripe_signed(body), body, NOW, STRIPE)
    assert not isinstance(told, Refusal), told
    return [one for one in told if not one.id.endswith(":creditor")]


def told_by_lago(event: Json) -> list[Event]:
    """The events of a webhook of Lago's that is taken."""
    body = body_of(event)
    told = retell(lago_signed(body), body, NOW, lago())
    assert not isinstance(told, Refusal), told
    return list(told)


def kinds(events: list[Event]) -> list[str]:
    """The types of events, without what they have in common."""
    return [event.type.removeprefix("billing.").removesuffix(".v1") for event in events]


def refused(headers: dict[str, str], body: bytes, source: Source = STRIPE) -> Refusal:
    """Why a webhook is refused."""
    told = retell(headers, body, NOW, source)
    assert isinstance(told, Refusal), told
    return told


class TestStripesSignature:
    @pytest.mark.parametrize("key", ["whsec_new", "whsec_old"])
    @pytest.mark.parametrize("late", [-300, 0, 300])
    def test_one_that_fits(self, key: str, late: int) -> None:
        """Any secret in use, and a moment within the window on either side."""
        headers = stripe_signed(INVOICE, at=T - late, key=key)

        assert not isinstance(retell(headers, INVOICE, NOW, STRIPE), Refusal)

    def test_one_of_several(self) -> None:
        """While a secret is replaced, both signatures are in the header; v0 is none of ours."""
        header = stripe_signed(INVOICE)["stripe-signature"]
        moment, _, good = header.partition(",")
        headers = {"stripe-signature": f"{moment}, v0=6ffbb59b, v1={'0' * 64}, {good}"}

        assert not isinstance(retell(headers, INVOICE, NOW, STRIPE), Refusal)

    @pytest.mark.parametrize("late", [-301, 301, 10**6])
    def test_outside_the_window(self, late: int) -> None:
        """Kept for later, or made for the future: neither is taken, though it is signed."""
        refusal = refused(stripe_signed(INVOICE, at=T - late), INVOICE)

        assert ("unauthorized", "signed more than 300 s from now") == (
            refusal.reason,
            refusal.detail,
        )

    @pytest.mark.parametrize(
        ("header", "why"),
        [
            ("", "the header is missing"),
            ("t=1", "one or a few signatures v1=… are expected"),
            ("v1=00", "one moment t=… is expected"),
            (f"t={T},t={T},v1=00", "one moment t=… is expected"),
            ("t=12e4,v1=00", "one moment t=… is expected"),
            (f"t={T}," + "v1=00," * 21, "one or a few signatures v1=… are expected"),
            (f"t={T},v1=00", "no signature fits"),
            (f"t={T},v1=é€", "no signature fits"),
        ],
    )
    def test_a_header_that_proves_nothing(self, header: str, why: str) -> None:
        """Each way to get it wrong has its reason, and none of them is an error of ours."""
        refusal = refused({"stripe-signature": header}, INVOICE)

        assert ("unauthorized", why) == (refusal.reason, refusal.detail)

    def test_another_body(self) -> None:
        """What was signed is this body, to the byte."""
        assert "unauthorized" == refused(stripe_signed(INVOICE), INVOICE + b" ").reason

    def test_another_moment(self) -> None:
        """The moment is signed too: it cannot be made newer."""
        header = stripe_signed(INVOICE, at=T - 900)["stripe-signature"]
        headers = {"stripe-signature": header.replace(str(T - 900), str(T))}

        assert "no signature fits" == refused(headers, INVOICE).detail


class TestLagosSignatures:
    @pytest.mark.parametrize("sign", [lago_signed, lago_token])
    def test_one_that_fits(self, sign: Callable[[bytes], dict[str, str]]) -> None:
        """An HMAC, or a token signed with the key that Lago publishes."""
        assert not isinstance(retell(sign(LAGO), LAGO, NOW, lago()), Refusal)

    @pytest.mark.parametrize("sign", [lago_signed, lago_token])
    def test_another_body(self, sign: Callable[[bytes], dict[str, str]]) -> None:
        """What was signed is this body, to the byte."""
        assert "unauthorized" == refused(sign(LAGO), LAGO + b" ", lago()).reason

    @pytest.mark.parametrize("algorithm", ["HS256", "none"])
    def test_a_token_of_another_algorithm(self, algorithm: str) -> None:
        """The public key is no secret: a token made with it as one proves nothing."""
        forged = forged_token(LAGO, algorithm=algorithm)

        assert "no key has signed this token" == refused(forged, LAGO, lago()).detail

    def test_a_way_that_is_not_set_up(self) -> None:
        """A source with no public key takes no token, one with no secret no HMAC."""
        secret = Source(name="lago", kind="lago", secrets=(SecretStr("hmac-key"),))
        public = Source(name="lago", kind="lago", public_keys=lago().public_keys)

        assert "unauthorized" == refused(lago_token(LAGO), LAGO, secret).reason
        assert "unauthorized" == refused(lago_signed(LAGO, key=""), LAGO, public).reason
        assert not isinstance(retell(lago_token(LAGO), LAGO, NOW, public), Refusal)

    @pytest.mark.parametrize("key", ["no key", "-----BEGIN PUBLIC KEY-----\nx\n", "é"])
    def test_a_key_that_is_none(self, key: str) -> None:
        """It fits nothing, and stops nothing."""
        source = Source(name="lago", kind="lago", public_keys=(key,))

        assert "no key has signed this token" == refused(lago_token(LAGO), LAGO, source).detail

    def test_the_same_again(self) -> None:
        """Lago signs no moment: sent again, it has the same ids, and so counts once."""
        first = retell(lago_signed(LAGO), LAGO, NOW, lago())
        again = retell(lago_token(LAGO), LAGO, NOW + timedelta(days=9), lago())

        assert first == again


class TestStripesInvoices:
    def test_a_final_one(self) -> None:
        """The account with its creditor first, the invoice, and what its id stands for."""
        account, issued, bound = told_by_stripe(stripe_event("invoice.finalized", stripe_invoice()))

        data: Any = issued.data
        assert ["account.updated", "invoice.issued", "reference.bound"] == kinds(
            [account, issued, bound]
        )
        assert ("cus_1", "acme") == (account.subject, account.data.creditor_id)  # type: ignore[attr-defined] # of this type
        assert ("in_1", "120.00", "USD", "ACME-0001") == (
            data.invoice_id,
            data.amount,
            data.currency,
            data.number,
        )
        assert ("2026-03-02", "2026-04-01") == (str(data.issued_on), str(data.due_on))
        assert "stripe#in_1" == bound.subject

    def test_dates_are_the_creditors(self) -> None:
        """23:30 UTC on 2 March is 3 March in Berlin."""
        at = T - 9 * 3_600 + 23 * 3_600 + 1_800
        changed = stripe_invoice(
            effective_at=at, due_date=None, status_transitions={"finalized_at": at}
        )

        issued: Any = told_by_stripe(stripe_event("invoice.finalized", changed))[1].data

        assert ("2026-03-03", "2026-03-03") == (str(issued.issued_on), str(issued.due_on))

    def test_paid_by_the_balance(self) -> None:
        """What the customer's balance pays at once was billed, and is a credit on it."""
        told = told_by_stripe(stripe_event("invoice.finalized", stripe_invoice(amount_due=9_000)))

        assert ["account.updated", "invoice.issued", "invoice.credited", "reference.bound"] == (
            kinds(told)
        )
        assert ("120.00", "30.00") == (told[1].data.amount, told[2].data.amount)  # type: ignore[attr-defined] # of these types

    def test_charged_by_stripe(self) -> None:
        """The next try is an autopay hold."""
        changed = stripe_invoice(
            collection_method="charge_automatically", due_date=None, next_payment_attempt=T + 3_600
        )

        told = told_by_stripe(stripe_event("invoice.finalized", changed))

        assert "payment.scheduled" in kinds(told)

    @pytest.mark.parametrize("total", [0, -500])
    def test_nothing_is_owed(self, total: int) -> None:
        """An invoice of nothing, or less: the account is told, and no item."""
        changed = stripe_invoice(total=total, amount_due=0)

        told = told_by_stripe(stripe_event("invoice.finalized", changed))

        assert ["account.updated", "reference.bound"] == kinds(told)

    def test_a_new_due_date(self) -> None:
        """The due date of an open invoice may change; what was a draft is told as finalized."""
        amended = stripe_event("invoice.updated", stripe_invoice(), before={"due_date": T})
        opened = stripe_event(
            "invoice.updated", stripe_invoice(), before={"due_date": None, "status": "draft"}
        )
        other = stripe_event("invoice.updated", stripe_invoice(), before={"amount_paid": 0})

        assert ["invoice.amended"] == kinds(told_by_stripe(amended))
        assert [] == told_by_stripe(opened) + told_by_stripe(other)

    @pytest.mark.parametrize(
        "kind", ["invoice.overdue", "invoice.will_be_due", "invoice.created", "charge.refunded"]
    )
    def test_what_is_no_news(self, kind: str) -> None:
        """Above all that it is overdue: the due date decides that, and the ledger's own clock."""
        assert [] == told_by_stripe(stripe_event(kind, stripe_invoice()))

    def test_nobodys(self) -> None:
        """An invoice without a customer is refused by its field."""
        body = body_of(stripe_event("invoice.finalized", stripe_invoice(customer=None)))

        refusal = refused(stripe_signed(body), body)

        assert ("invalid", "data.object.customer") == (refusal.reason, refusal.field)

    def test_an_expanded_customer(self) -> None:
        """Where Stripe puts the whole customer in place of its id, the id counts."""
        changed = stripe_invoice(customer={"id": "cus_9", "object": "customer"})

        assert "cus_9" == told_by_stripe(stripe_event("invoice.finalized", changed))[0].subject


class TestStripesMoney:
    def test_a_partial_payment(self) -> None:
        """It says whose invoice it is for, not whose it is: that follows from the invoice."""
        (told,) = told_by_stripe(stripe_event("invoice_payment.paid", stripe_invoice_payment()))

        data: Any = told.data
        assert ("reference.told", "stripe#in_1") == (kinds([told])[0], told.subject)
        assert ("billing.payment.received.v1", ("stripe#pi_1",)) == (data.event_type, data.binds)
        assert ("50.00", "pi_1", "pi_1:in_1") == tuple(
            data.event_data[name] for name in ("amount", "part_of", "payment_id")
        )

    def test_an_older_version_tells_the_same_payment(self) -> None:
        """Until 2025-03-31 the invoice said how it was paid: the same payment, the same content."""
        old = stripe_invoice(
            amount_paid=5_000, payment_intent="pi_1", status_transitions={"paid_at": T}
        )

        before: Any = told_by_stripe(stripe_event("invoice.paid", old))[0].data
        since: Any = told_by_stripe(stripe_event("invoice_payment.paid", stripe_invoice_payment()))[
            0
        ].data

        assert before == since.of("cus_1")

    def test_paid_is_not_told_twice(self) -> None:
        """Since then `invoice.paid` says nothing that its payments did not."""
        assert [] == told_by_stripe(
            stripe_event("invoice.paid", stripe_invoice(amount_paid=12_000))
        )

    def test_a_chargeback_is_a_reversal(self) -> None:
        """The money went back to the bank: the items reopen. It is no dispute of the invoice."""
        (told,) = told_by_stripe(stripe_event("charge.dispute.funds_withdrawn", stripe_dispute()))
        (won,) = told_by_stripe(stripe_event("charge.dispute.funds_reinstated", stripe_dispute()))

        data: Any = told.data
        assert "billing.payment.reversed.v1" == data.event_type
        assert ("chargeback", "du_1", "pi_1", "USD") == tuple(
            data.event_data[name] for name in ("reason", "reversal_id", "payment_id", "currency")
        )
        assert "billing.payment.reinstated.v1" == won.data.event_type  # type: ignore[attr-defined] # of this type

    @pytest.mark.parametrize("kind", ["created", "updated", "closed"])
    def test_a_dispute_that_moves_no_money(self, kind: str) -> None:
        """An inquiry, or the end of a lost one: nothing to book."""
        assert [] == told_by_stripe(stripe_event(f"charge.dispute.{kind}", stripe_dispute()))

    def test_a_refund_once_it_succeeds(self) -> None:
        """Pending it is nothing yet; when it succeeds it is one, whoever tells it first."""
        pending = stripe_event("refund.created", stripe_refund(status="pending"))
        done = stripe_event("refund.updated", stripe_refund())

        assert [] == told_by_stripe(pending)
        assert ["re_1:refunded"] == [event.id for event in told_by_stripe(done)]

    def test_a_refund_that_failed(self) -> None:
        """Its money is here again: the refund is taken back, by its own id."""
        (told,) = told_by_stripe(stripe_event("refund.failed", stripe_refund(status="failed")))

        data: Any = told.data
        assert ("re_1:failed", "billing.refund.reversed.v1", "re_1") == (
            told.id,
            data.event_type,
            data.event_data["refund_id"],
        )

    def test_a_credit_note_lowers_what_is_open(self) -> None:
        """By the part that was not paid; what Stripe keeps for later it tells when it counts."""
        (mixed,) = told_by_stripe(stripe_event("credit_note.created", stripe_credit_note()))
        old = stripe_credit_note(pre_payment_amount=None, type="pre_payment")
        later = stripe_credit_note(pre_payment_amount=0, type="post_payment")

        assert "20.00" == mixed.data.amount  # type: ignore[attr-defined] # of this type
        (before,) = told_by_stripe(stripe_event("credit_note.created", old))
        assert "30.00" == before.data.amount  # type: ignore[attr-defined] # of this type
        assert [] == told_by_stripe(stripe_event("credit_note.created", later))

    @pytest.mark.parametrize(
        ("minor", "currency", "shown"),
        [
            (1_250, "USD", "12.50"),
            (5, "EUR", "0.05"),
            (500, "JPY", "500"),
            (500, "MGA", "500"),
            (12_340, "KWD", "12.340"),
            (10_000, "ISK", "100.00"),
            (500, "UGX", "5.00"),
            (200_000, "HUF", "2000.00"),
        ],
    )
    def test_its_own_exponents(self, minor: int, currency: str, shown: str) -> None:
        """ISK and UGX have two decimals at Stripe and none by ISO 4217; MGA the other way round."""
        assert shown == amount(minor, currency)

    def test_half_a_krona(self) -> None:
        """What ISO 4217 cannot say is refused, never rounded."""
        body = body_of(
            stripe_event("invoice.finalized", stripe_invoice(currency="isk", total=12_050))
        )

        refusal = refused(stripe_signed(body), body)

        assert ("invalid", "data.amount", "ISK has 0 decimal places") == (
            refusal.reason,
            refusal.field,
            refusal.detail,
        )


class TestLago:
    def test_a_final_invoice(self) -> None:
        """The account by the creditor's own id, the invoice, and what its id stands for."""
        told = told_by_lago(lago_event("invoice.created", "invoice", lago_invoice()))

        data: Any = told[1].data
        assert ["account.updated", "invoice.issued", "reference.bound"] == kinds(told)
        assert ("customer-1", "i-0001", "119.00") == (
            data.account_id,
            data.invoice_id,
            data.amount,
        )

    @pytest.mark.parametrize(
        ("cents", "currency", "shown"), [(500, "JPY", "500"), (500, "KWD", "0.500")]
    )
    def test_cents_are_the_currencys_own(self, cents: int, currency: str, shown: str) -> None:
        """What Lago calls cents are the smallest units by ISO 4217."""
        changed = lago_invoice(total_amount_cents=cents, currency=currency)

        told = told_by_lago(lago_event("invoice.created", "invoice", changed))

        assert shown == told[1].data.amount  # type: ignore[attr-defined] # of this type

    @pytest.mark.parametrize("status", ["draft", "generating", "failed"])
    def test_one_that_is_not_final(self, status: str) -> None:
        """Nothing is owed yet."""
        assert [] == told_by_lago(
            lago_event("invoice.created", "invoice", lago_invoice(status=status))
        )

    def test_overdue_makes_good_what_was_missed(self) -> None:
        """The same invoice as when it was created: known, it changes nothing. And no more."""
        created = told_by_lago(lago_event("invoice.created", "invoice", lago_invoice()))
        overdue = told_by_lago(
            lago_event("invoice.payment_overdue", "invoice", lago_invoice(payment_overdue=True))
        )

        assert (created[1].id, created[1].data) == (overdue[1].id, overdue[1].data)
        assert kinds(created) == kinds(overdue)

    def test_a_payment(self) -> None:
        """For one invoice it is allocated; for those of a request the creditor's rule says."""
        one = told_by_lago(lago_event("payment.succeeded", "payment", lago_payment()))
        two = told_by_lago(
            lago_event(
                "payment.succeeded",
                "payment",
                lago_payment(invoice_ids=["i-0001", "i-0002"], payable_type="PaymentRequest"),
            )
        )

        data: Any = one[0].data
        assert [("i-0001", "119.00")] == [(p.invoice_id, p.amount) for p in data.allocations]
        assert two[0].data.allocations is None  # type: ignore[attr-defined] # of this type

    def test_a_status(self) -> None:
        """A failure is told; a success is told with its payment."""
        failed = lago_invoice(payment_status="failed")
        paid = lago_invoice(payment_status="succeeded")
        kind = "invoice.payment_status_updated"

        assert ["payment.failed"] == kinds(told_by_lago(lago_event(kind, "invoice", failed)))
        assert [] == told_by_lago(lago_event(kind, "invoice", paid))

    def test_voided_without_its_customer(self) -> None:
        """Whose it is follows from the invoice."""
        without = lago_invoice(status="voided", customer=None, voided_at="2026-03-02T10:00:00Z")

        (told,) = told_by_lago(lago_event("invoice.voided", "invoice", without))

        assert ("reference.told", "lago#i-0001") == (kinds([told])[0], told.subject)

    def test_a_credit_note(self) -> None:
        """The part that lowers the invoice; what Lago keeps lowers the one that it is used for."""
        (told,) = told_by_lago(lago_event("credit_note.created", "credit_note", lago_credit_note()))
        kept = lago_credit_note(offset_amount_cents=0, credit_amount_cents=3_000)

        assert "20.00" == told.data.amount  # type: ignore[attr-defined] # of this type
        assert [] == told_by_lago(lago_event("credit_note.created", "credit_note", kept))

    def test_an_object_that_is_not_there(self) -> None:
        """The name that `object_type` gives must be one of the body's."""
        event = lago_event("invoice.created", "invoice", lago_invoice())
        body = body_of({**event, "object_type": "other"})

        refusal = refused(lago_signed(body), body, lago())

        assert ("invalid", "other") == (refusal.reason, refusal.field)

    def test_a_customer(self) -> None:
        """Names, addresses and the version by which an older notice never wins."""
        (told,) = told_by_lago(lago_event("customer.updated", "customer", lago_customer()))

        data: Any = told.data
        assert ("customer-1", "Example GmbH", ("Europe/Berlin",)) == (
            data.account_id,
            data.name,
            data.time_zones,
        )


def test_an_account_is_its_creditors_from_the_first() -> None:
    """Webhooks come in any order, and an account's first event fixes whose debtor it is."""
    body = body_of(stripe_event("credit_note.created", stripe_credit_note()))

    told = retell(stripe_signed(body), body, NOW, STRIPE)
    plain = STRIPE.model_copy(update={"creditor_id": "default"})

    assert not isinstance(told, Refusal)
    data: Any = told[0].data
    assert ["account.updated", "invoice.credited"] == kinds(list(told))
    assert ("cus_1", "acme") == (data.account_id, data.creditor_id)
    assert 1 == len(retell(stripe_signed(body), body, NOW, plain))  # type: ignore[arg-type] # it is taken


class TestErpnext:
    def test_its_template_writes_our_events(self) -> None:
        """One, or several in an array; their source is who signed, whatever they say."""
        body = body_of([erpnext_event(source="somebody"), erpnext_event(id="2")])

        told = retell(erpnext_signed(body), body, NOW, ERPNEXT)

        assert not isinstance(told, Refusal)
        assert [("ACC-SINV-2026-00001:issued", "erpnext"), ("2", "erpnext")] == [
            (event.id, event.source) for event in told
        ]

    @pytest.mark.parametrize(
        ("event", "reason", "field"),
        [
            (7, "malformed", "[0]"),
            (erpnext_event(time="today"), "invalid", "[0].time"),
            (erpnext_event(time="2026-02-28T08:00:00Z"), "invalid", "[0].time"),
            (erpnext_event(time="2026-03-04T08:00:00Z"), "invalid", "[0].time"),
            (erpnext_event(type="billing.config.published.v1"), "invalid", "data.kind"),
            (erpnext_event(data={}), "invalid", "data.account_id"),
        ],
    )
    def test_what_is_refused(self, event: object, reason: str, field: str) -> None:
        """What is no event of the contract, or not of today."""
        body = body_of([event])

        refusal = refused(erpnext_signed(body), body, ERPNEXT)

        assert (reason, field) == (refusal.reason, refusal.field)

    def test_a_time_without_an_offset(self) -> None:
        """Frappe's own has none: it is in the time zone of its site."""
        body = body_of(erpnext_event(time="2026-03-02 14:29:30.123456"))
        site = ERPNEXT.model_copy(update={"time_zone": "Asia/Kolkata"})

        told = retell(erpnext_signed(body), body, NOW, site)

        assert not isinstance(told, Refusal)
        assert datetime(2026, 3, 2, 8, 59, 30, 123456, UTC) == told[0].time

    @pytest.mark.parametrize("changed", [{}, {"is_return": 1, "return_against": "SINV-1"}])
    def test_the_templates_of_the_docs(self, changed: Json) -> None:
        """Rendered as Frappe does, from a document as it has them, each is an event we take."""
        doc = {
            "name": 'ACC-"1"',
            "customer": "Example & Söhne",
            "party": "Example & Söhne",
            "currency": "EUR",
            "paid_from_account_currency": "EUR",
            "grand_total": -119.0 if changed else 119.0,
            "paid_amount": 119.0,
            "posting_date": "2026-03-02",
            "due_date": "2026-04-01",
            "modified": "2026-03-02 08:59:00.123456",
            "reference_no": None,
            "references": [
                {
                    "reference_doctype": "Sales Invoice",
                    "reference_name": "1",
                    "allocated_amount": 19.0,
                },
                {
                    "reference_doctype": "Journal Entry",
                    "reference_name": "2",
                    "allocated_amount": 9.0,
                },
                {
                    "reference_doctype": "Sales Invoice",
                    "reference_name": "3",
                    "allocated_amount": 80.0,
                },
            ],
            **changed,
        }

        templates = re.findall(r"```jinja\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
        found = []
        for template in templates:
            body = body_of(json.loads(Template(template).render(doc=doc)))
            told = retell(erpnext_signed(body), body, NOW, ERPNEXT)
            assert not isinstance(told, Refusal), told
            found += kinds(list(told))

        first = "invoice.credited" if changed else "invoice.issued"
        assert [first, "invoice.voided", "payment.received", "payment.reversed"] == found

    def test_it_may_not_configure(self) -> None:
        """A billing system's webhook is for billing: it does not say who is contacted."""
        config = {"kind": "policy", "number": 9, "from": "2026-03-02T00:00:00Z", "document": {}}
        body = body_of(erpnext_event(type="billing.config.published.v1", data=config))

        refusal = refused(erpnext_signed(body), body, ERPNEXT)

        assert ("forbidden", "type") == (refusal.reason, refusal.field)

    def test_another_secret(self) -> None:
        """It is not signed."""
        body = body_of(erpnext_event())

        assert "unauthorized" == refused(erpnext_signed(body, key="other"), body, ERPNEXT).reason


def test_a_refusal_shows_no_values() -> None:
    """What was sent may be personal: the words of a refusal name fields and rules alone."""
    body = body_of(stripe_event("invoice.finalized", stripe_invoice(total="SECRET-VALUE")))

    refusal = refused(stripe_signed(body), body)

    assert "data.object.total" == refusal.field
    assert "SECRET" not in refusal.detail
