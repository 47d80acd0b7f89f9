"""What a contact says."""

from datetime import date

from services.outreach.domain.policy import Text
from services.outreach.domain.wording import language_of, render
from shared.events.outreach import Money, TaskItem


def item(number: int, **more: str) -> TaskItem:
    """One open item."""
    about = {
        "account_id": "A",
        "item_id": f"I{number}",
        "invoice_id": f"V{number}",
        "due_on": date(2026, 3, 10),
        "past_due_days": 3,
        "open_amount": "10.00",
        "currency": "EUR",
    }
    return TaskItem.model_validate(about | more)


def test_the_language_is_the_nearest_that_there_is() -> None:
    """The tag itself, its base, English, or else whatever there is."""
    offered = {"en": 1, "de": 1, "de-CH": 1}

    assert "de-CH" == language_of("de-CH", offered)
    assert "de" == language_of("de-AT", offered)
    assert "en" == language_of("ja", offered)
    assert "fr" == language_of("ja", {"fr": 1})


def test_values_are_not_read_as_templates() -> None:
    """A debtor called {amount} stays one, and a line break in a name does not split the subject."""
    subject, body = render(
        Text(subject="For {name}", body="Dear {name}: {amount}"),
        language="en",
        name="{amount}\nBcc: x",
        creditor="C",
        amounts=[Money(currency="EUR", amount="10.00")],
        items=[item(1)],
        total=1,
    )

    assert "For {amount} Bcc: x" == subject
    assert "Dear {amount}\nBcc: x: 10.00 EUR" == body


def test_a_long_list_is_cut_and_says_so() -> None:
    """Twenty lines, then how many more there are, in the language of the text."""
    _, body = render(
        Text(subject="s", body="{items} {count} {pay_url}"),
        language="de",
        name="",
        creditor="C",
        amounts=[],
        items=[item(i, pay_url="https://pay.example/1") for i in range(100)],
        total=130,
    )

    assert "- V0: 10.00 EUR, fällig am 2026-03-10" in body
    assert "- und 110 weitere 130 https://pay.example/1" in body
    assert 20 == body.count("fällig am")
