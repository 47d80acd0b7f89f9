"""A line in miniature: what the shell does around one core, in memory, for tests of that core.

It keeps every document as JSON and gives the core only what the shell would: what is open, and the
settled ones that `wants` named. So a test that goes through here also exercises persistence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final, cast
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from shared.core import (
    Core,
    Document,
    Effects,
    Elsewhere,
    Event,
    NotLoaded,
    Outgoing,
    Party,
    Refusal,
)
from shared.core.codec import read, write
from shared.events.base import Fact
from shared.events.reader import reader

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOADS_MAX: Final = 1_000
BROADCASTS: Final = ("config.published", "address.suppressed", "source.completed")
"""The second and third words of the types that concern all parties."""


def _as_read(fact: Fact) -> Fact:
    """A fact as its model, which would write the same bytes."""
    model = fact.__class__  # what a struct says that it is
    if model is type(fact):
        return fact
    written = fact.smallest()
    read = model.model_validate_json(written)
    if read.smallest() != written:
        raise BrokenRule(f"{fact.type} is not written as its model would: {written!r}")
    return read


class BrokenRule(AssertionError):
    """A core did what the contract between core and shell forbids."""


@dataclass(slots=True)
class _Row:
    json: str
    settled: bool


class Line:
    """One partition's line through one core.

    Call `tell` for events and `tick` for time, both in the order of the line; each returns what the
    core sent out. With `reload` a party is built anew from JSON before each event; without, only
    what changed is checked to survive JSON (for accounts with thousands of items).
    """

    def __init__(self, core: Core, *, reload: bool = True) -> None:
        """Start with an empty store and no tick seen."""
        self.core = core
        self.now = EPOCH
        self.shared = Party("")
        self.cells: dict[tuple[str, str], int] = {}
        self.broadcasts: list[Fact] = []
        self.out: list[Outgoing] = []
        self._reload = reload
        self._kinds = {kind.prefix: kind for kind in core.documents}
        self._rows: dict[str, dict[tuple[str, str], _Row]] = {}
        self._parties: dict[str, Party] = {}
        self._bound: dict[str, str] = {}
        self._moves: dict[str, int] = {}
        self._going_on: list[Event] = []
        self.refused: list[Refusal] = []
        """Why what was sent on after its account was refused there."""
        self._wakes: dict[str, datetime] = {}
        self._rouse_from: list[datetime] = []
        self._told = 0

    def tell(
        self,
        data: Fact,
        *,
        time: datetime,
        id: str | None = None,  # noqa: A002 - the envelope's own word
        party: str | None = None,
        subject: str | None = None,
        source: str = "test",
        woken: bool = False,
    ) -> list[Outgoing] | Refusal:
        """Fold one event: what the core sent out, or why it refused.

        `subject` is the data's account unless given; `party` the one that the account was first
        told with, else the account itself. What concerns all parties goes to `share`. What is for
        an account that has gone to another party waits for `go_on`.
        """
        self._told += 1
        account = str(getattr(data, "account_id", "") or "")
        about = account if subject is None else subject
        value, read = data.model_dump_json().encode(), reader(type(data))
        event = Event(
            id=id or f"told-{self._told}",
            source=source,
            type=data.type,
            subject=about,
            party=self._bound.setdefault(about, party or about) if about else party or "",
            time=time,
            data=data if read is None else read(value),
            value=value,
            woken=woken,
        )
        if ".".join(data.type.split(".")[1:3]) in BROADCASTS:
            return self._share(event)
        return self._fold(event)

    def follow(self, sent: Outgoing, *, source: str = "arrears:ingest") -> list[Outgoing] | Refusal:
        """Fold what a core (upstream, or this one) sent out, as the shell would hand it down."""
        key = f"{sent.cause}|{sent.data.type}|{sent.entity}|{sent.time.isoformat()}"
        return self.tell(
            sent.data,
            time=sent.time,
            id=str(uuid5(NAMESPACE_URL, key)),
            party=sent.party,
            subject=sent.subject,
            source=source,
            woken=sent.woken,
        )

    def go_on(self) -> list[Outgoing]:
        """Fold what was sent on after its account, each once; what is early is sent on again."""
        following, self._going_on = self._going_on, []
        sent: list[Outgoing] = []
        for event in following:
            answer = self._fold(event)
            if isinstance(answer, Refusal):
                self.refused.append(answer)
            else:
                sent += answer
        return sent

    def tick(self, at: datetime) -> list[Outgoing]:
        """Let time come to `at`: wake those whose moment has come, then the partition."""
        if at <= self.now:
            return []
        cause = f"tick-{at.isoformat()}"
        sent: list[Outgoing] = []
        if any(moment <= at for moment in self._rouse_from):
            self._rouse_from = [moment for moment in self._rouse_from if moment > at]
            for name in sorted(filter(None, self._rows)):
                sent += self._wake(cause, name, at)
        due = sorted((moment, name) for name, moment in self._wakes.items() if moment <= at)
        for _, name in due:
            sent += self._wake(cause, name, at)
        whole = self._effects(cause, "")
        self.core.tick(at, whole)
        self._store_shared()
        self.now = at
        return sent + self._collect(whole)

    def party(self, id: str) -> Party:  # noqa: A002 - as in Party.id
        """The party with all its documents, the settled ones too, read back from JSON."""
        return Party(id, [self._document(key, row) for key, row in self._stored(id).items()])

    def _wake(self, cause: str, name: str, at: datetime) -> list[Outgoing]:
        party = self._load(name, ())
        before = self._texts(party)
        effects = self._effects(cause, name, woken=True)
        self.core.wake(party, at, effects)
        effects.woken = False
        self.core.decide(party, at, effects)
        self._kept(cause, party, before)
        self._store(party)
        if (moment := self._wakes.get(name)) is not None and moment <= at:
            raise BrokenRule(f"after a tick at {at} party {name!r} still wakes at {moment}")
        return self._collect(effects)

    def _fold(self, event: Event) -> list[Outgoing] | Refusal:
        woken: list[Outgoing] = []
        party = self._load(event.party, self.core.wants(event))
        if event.woken and (moment := self.core.wake_at(party)) and moment <= event.time:
            effects = self._effects(event.id, event.party, woken=True)
            self.core.wake(party, event.time, effects)
            self._store(party)
            woken += self._collect(effects)
            party = self._load(event.party, self.core.wants(event))
        for _ in range(_LOADS_MAX):
            effects = self._effects(event.id, event.party, woken=event.woken)
            before = self._texts(party)
            try:
                refusal = self.core.fold(party, event, effects)
            except NotLoaded as missing:
                self._untouched(event, party, effects, before)
                if party.knows(missing.prefix, missing.key):
                    raise
                self._fetch(party, missing.prefix, missing.key)
                continue
            if refusal is not None:
                self._untouched(event, party, effects, before)
                if isinstance(refusal, Elsewhere):
                    self._going_on.append(replace(event, party=refusal.party, follows=True))
                    return woken
                return refusal
            self._kept(event.type, party, before)
            self._store(party)
            return woken + self._collect(effects)
        raise BrokenRule(f"{event.type} asked for documents without end")

    def _untouched(
        self, event: Event, party: Party, effects: Effects, before: dict[tuple[str, str], str]
    ) -> None:
        if party.changed or effects.out or effects.broadcasts or effects.cells:
            raise BrokenRule(f"{event.type} was not taken, and yet something changed")
        if self._texts(party) != before:
            raise BrokenRule(f"{event.type} was not taken, and yet a document changed")

    def _kept(self, cause: str, party: Party, before: dict[tuple[str, str], str]) -> None:
        for key, text in self._texts(party).items():
            if key not in party.changed and text != before.get(key):
                raise BrokenRule(f"{cause} changed {key} without keeping it")

    def _share(self, event: Event) -> list[Outgoing]:
        effects = self._effects(event.id, "")
        if self.core.share(event, effects):
            self._rouse_from.append(getattr(event.data, "from_", None) or event.time)
        self._store_shared()
        return self._collect(effects)

    def _effects(self, cause: str, party: str, *, woken: bool = False) -> Effects:
        return Effects(now=self.now, shared=self.shared, cause=cause, party=party, woken=woken)

    def _collect(self, effects: Effects) -> list[Outgoing]:
        seen: set[tuple[str, str, datetime]] = set()
        for fact in effects.out:
            identity = (fact.data.type, fact.entity, fact.time)
            if identity in seen:
                raise BrokenRule(f"two facts of one cause would have the same id: {identity}")
            seen.add(identity)
            fact.data = _as_read(fact.data)
        for cell, amount in effects.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + amount
        self.out += effects.out
        self.broadcasts += effects.broadcasts
        for account, (name, number) in effects.rebound.items():
            if self._moves.get(account, 0) < number:
                self._bound[account], self._moves[account] = name, number
        sent = list(effects.out)
        for data in effects.broadcasts:
            more = self.tell(data, time=self.now, subject="")
            sent += cast("list[Outgoing]", more)
        return sent

    def _stored(self, name: str) -> dict[tuple[str, str], _Row]:
        return self._rows.setdefault(name, {})

    def _document(self, key: tuple[str, str], row: _Row) -> Document:
        return read(self._kinds[key[0]], row.json)

    def _load(self, name: str, wanted: Iterable[tuple[type[Document], str]]) -> Party:
        rows = self._stored(name)
        party = self._parties.get(name)
        if party is None or self._reload:
            party = Party(
                name,
                [
                    self._document(key, row)
                    for key, row in sorted(rows.items(), key=itemgetter(0))
                    if not row.settled
                ],
            )
            self._parties[name] = party
        for kind, key in wanted:
            self._fetch(party, kind.prefix, key)
        return party

    def _fetch(self, party: Party, prefix: str, key: str) -> None:
        identity = (prefix, key)
        if not prefix:
            for each in [name for name in self._stored(party.id) if not party.knows(*name)]:
                party.take(self._document(each, self._stored(party.id)[each]))
        row = self._stored(party.id).get(identity)
        if row is not None and not party.knows(prefix, key):
            party.take(self._document(identity, row))
        party.know(prefix, key)

    def _store(self, party: Party) -> None:
        rows = self._stored(party.id)
        for key, document in party.changed.items():
            text = write(document)
            rows[key] = _Row(text, document.settled)
            if self._document(key, rows[key]) != document:
                raise BrokenRule(f"{key} does not survive JSON: {document!r}")
        for key in party.dropped:
            rows.pop(key, None)
        moment = self.core.wake_at(party)
        if moment is None:
            self._wakes.pop(party.id, None)
        else:
            self._wakes[party.id] = moment
        party.saved()
        party.changed.clear()

    def _store_shared(self) -> None:
        rows = self._stored("")
        for key, document in self.shared.changed.items():
            rows[key] = _Row(write(document), document.settled)
        self.shared.changed.clear()
        if self._reload:
            self.shared = self.party("")

    def _texts(self, party: Party) -> dict[tuple[str, str], str]:
        if not self._reload:
            return {}
        return {
            (prefix, document.key): write(document)
            for prefix in self._kinds
            for document in party._by_kind.get(prefix, {}).values()  # noqa: SLF001 - all kinds
        }
