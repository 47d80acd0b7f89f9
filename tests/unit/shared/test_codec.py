"""Documents as text: without what is as by default, and read whether or not that is there."""

from datetime import UTC, date, datetime
from typing import ClassVar

import pytest
from msgspec import field
from typing_extensions import override

from shared.core import Compact, Piece
from shared.core.codec import read, write
from shared.events.billing import AccountProfile, Contact


class Step(Piece):
    """A part of a document."""

    on: date
    amount: int = 0


class Path(Compact):
    """A document with parts, and with a part that is a contract's model."""

    prefix: ClassVar[str] = "path"
    name: str
    steps: list[Step] = field(default_factory=list)
    sums: dict[str, tuple[int, int]] = field(default_factory=dict)
    begun: datetime | None = None
    profile: AccountProfile = field(default_factory=AccountProfile)

    @property
    @override
    def key(self) -> str:
        return self.name


def test_what_is_as_by_default_is_not_written() -> None:
    """A text has what is told; a default is known without it."""
    path = Path("a", [Step(date(2024, 4, 1)), Step(date(2024, 4, 2), 10**20)])

    text = write(path)

    assert (
        '"steps":[{"on":"2024-04-01"},{"on":"2024-04-02","amount":100000000000000000000}]' in text
    )
    assert "sums" not in text
    assert "begun" not in text
    assert path == read(Path, text)


def test_a_text_with_all_its_defaults_reads_the_same() -> None:
    """A document may have been written whole, and by a version that knows more fields."""
    text = '{"name":"a","steps":[],"sums":{},"begun":null,"profile":{"name":null},"newer":[1]}'

    assert Path("a") == read(Path, text)


def test_a_models_part_is_checked_as_it_is_read() -> None:
    """Pydantic writes and reads what belongs to the contract, its strict fields too."""
    profile = AccountProfile(
        customer_since=date(2020, 2, 29), contacts=(Contact(contact_id="c", role="debtor"),)
    )
    path = Path("a", sums={"EUR": (1, 2)}, begun=datetime(2024, 4, 1, tzinfo=UTC), profile=profile)

    assert path == read(Path, write(path))
    with pytest.raises(ValueError, match="customer_since"):
        read(Path, '{"name":"a","profile":{"customer_since":5}}')
