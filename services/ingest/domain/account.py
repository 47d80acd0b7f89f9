"""Accounts: whose they are, and what their billing system knows of them."""

from datetime import datetime
from typing import ClassVar, Final

from msgspec import field
from typing_extensions import override

from shared.core import Compact, Party, Refusal
from shared.events.billing import AccountProfile, AccountUpdated

FIXED: Final = frozenset({"account_id", "party_id", "creditor_id", "version"})
"""What an update says about itself rather than about the account."""
_PARTY: Final = "party_id"


class Head(Compact):
    """What a party needs at hand without looking through its items.

    `wake` is not later than the first moment at which an item falls overdue or changes bucket;
    `edition` is the number of the configuration that `wake` and the buckets follow.
    """

    prefix: ClassVar[str] = "head"
    wake: datetime | None = None
    edition: int = 0


class Account(Compact):
    """A party's account with one creditor. `versions` has the version that set each field."""

    prefix: ClassVar[str] = "account"
    account_id: str
    creditor_id: str
    profile: AccountProfile = field(default_factory=AccountProfile)
    version: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    """The digest of the update that bore `version`."""
    announced: bool = False
    """Whether it was ever told as a whole."""
    merged_into: str = ""
    """The account that it went up in; what comes to be open or held here follows it there."""
    absorbed: list[str] = field(default_factory=list)
    """The accounts that went up in this one."""
    reports: int = 0
    """How often it told a parent what it owes."""
    reported_to: str = ""
    from_parent: dict[str, int] = field(default_factory=dict)
    """What it has had of that parent's cash by rule, in minor units by currency."""
    moves: int = 0
    """How often it has changed its party."""
    moved_to: str = ""
    """The party that it is with now; then nothing of it is left here but this."""

    @property
    @override
    def key(self) -> str:
        return self.account_id

    def merged(self, told: AccountUpdated) -> AccountProfile:
        """The profile with `told` in it: absent stays, null clears, older never beats newer."""
        version = self.version if told.version is None else told.version
        news = {
            name: getattr(told, name)
            for name in told.model_fields_set - FIXED
            if name in AccountProfile.model_fields and self.versions.get(name, 0) <= version
        }
        return self.profile.model_copy(update=news) if news else self.profile

    def conflict(self, told: AccountUpdated, digest: str) -> Refusal | None:
        """Why `told` cannot be about this account, if it cannot."""
        if told.creditor_id is not None and told.creditor_id != self.creditor_id:
            why = f"the account's first event fixed its creditor: {self.creditor_id}"
            return Refusal("conflict", why, "creditor_id")
        if told.version and told.version == self.version and digest != self.digest:
            return Refusal("conflict", "this version came before with other content", "version")
        return None

    def go(self, to_party: str) -> None:
        """Forget all but the account's name and where it went."""
        self.profile, self.version, self.versions, self.digest = AccountProfile(), 0, {}, ""
        self.announced, self.merged_into, self.absorbed = False, "", []
        self.reports, self.reported_to, self.from_parent = 0, "", {}
        self.moved_to = to_party

    def leaves(self, told: AccountUpdated, party: Party) -> bool:
        """Whether an update says that it is another party's; an older one never says so."""
        if told.party_id is None or told.party_id == party.id:
            return False
        version = self.version if told.version is None else told.version
        return self.versions.get(_PARTY, 0) <= version

    def take(self, told: AccountUpdated, profile: AccountProfile, digest: str) -> None:
        """Replace the profile, and note which version each field is from."""
        version = self.version if told.version is None else told.version
        told_of = told.model_fields_set - FIXED
        if told.party_id is not None:
            told_of |= {_PARTY}
        for name in told_of:
            if self.versions.get(name, 0) < version:
                self.versions[name] = version
        if version > self.version:
            self.version, self.digest = version, digest
        self.profile = profile
