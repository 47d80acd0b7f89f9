"""Random histories: whatever happens, in whatever order, certain things never do."""

# ruff: noqa: ANN401 - the fields of facts are handed on as they come

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.domain.core import OutreachCore
from services.outreach.domain.policy import Policy
from shared.core import Outgoing
from shared.events import commands, ledger, outreach
from shared.money import minor
from tests.unit.outreach.stories import CREDITOR, EMAIL, PHONE, SMS, Story, facts, step

BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
ACCOUNTS = ("A", "B")
ZONES = ("Europe/Berlin", "America/New_York")
WEEK = ["mon", "tue", "wed", "thu", "fri"]
POLICY = Policy.from_document(
    {
        "format": "policy/1",
        "name": "tried",
        "version": "1",
        "caps": [{"most": 1, "days": 1}, {"most": 3, "days": 7}],
        "gap_hours": 20,
        "tolerance": {"EUR": "1.00"},
        "channels": {
            "email": {"hours": ["08:00", "20:00"], "weekdays": WEEK, "consent": "opt_out"},
            "phone": {"hours": ["09:00", "18:00"], "weekdays": WEEK, "consent": "opt_out"},
        },
        "steps": [
            step("note", -3, "email"),
            step("first", 1, "email", "phone"),
            step("second", 4, "phone", minimum={"EUR": "20.00"}),
            step("third", 8, "email", after_previous_days=3),
        ],
    }
)

MOVES = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 60)),
    st.tuples(st.just("bill"), st.sampled_from(ACCOUNTS), st.integers(-10, 12), st.integers(1, 90)),
    st.tuples(st.just("pay"), st.sampled_from(ACCOUNTS), st.integers(0, 9), st.integers(1, 100)),
    st.tuples(st.just("bounce"), st.sampled_from(ACCOUNTS), st.integers(0, 9)),
    st.tuples(st.just("dispute"), st.sampled_from(ACCOUNTS), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("hold"), st.sampled_from(ACCOUNTS), st.integers(-8, 8), st.integers(0, 9)),
    st.tuples(st.just("release"), st.sampled_from(ACCOUNTS)),
    st.tuples(st.just("promise"), st.sampled_from(ACCOUNTS), st.integers(0, 6)),
    st.tuples(
        st.just("report"),
        st.integers(0, 3),
        st.sampled_from(["sent", "failed", "bounced", "no_answer", "busy", "expired", "opted_out"]),
    ),
    st.tuples(st.just("debtor"), st.sampled_from(ACCOUNTS), st.booleans()),
)


class World:
    """One debtor with two accounts in one of two places, and what an onlooker knows."""

    def __init__(self, *, reload: bool) -> None:
        self.story = Story(POLICY, reload=reload)
        self.story.clock = BEGIN
        self.tasks: list[outreach.ContactRequested] = []
        self.unmade: set[str] = set()
        self.ended: set[str] = set()
        self.count = 0
        for account in ACCOUNTS:
            self.debtor(account, both=True)

    def debtor(self, account: str, *, both: bool) -> None:
        """The debtor's contact points."""
        points = (EMAIL, PHONE, SMS) if both else (EMAIL,)
        self.story.debtor(*points, account=account, party="P", time_zones=ZONES)

    def play(self, move: tuple[Any, ...]) -> None:
        """Let one thing happen; whatever outreach says of it is looked at."""
        sent = getattr(self, f"_{move[0]}")(*move[1:])
        self.watch(sent or [])

    def watch(self, sent: list[Outgoing]) -> None:
        """Keep what was withdrawn."""
        for each in facts(sent, outreach.ContactCancelled):
            assert each.task_id not in self.ended, "cancelled after it was reported"
            self.unmade.add(each.task_id)

    def _wait(self, hours: int) -> None:
        for _ in range(hours):
            before = self.wakes()
            sent = self.story.tick(self.story.clock + timedelta(hours=1))
            self.watch(sent)
            for task in facts(sent, outreach.ContactRequested):
                self.check(task)
            after = self.wakes()
            assert after is None or after > self.story.clock, (before, after)

    def wakes(self) -> datetime | None:
        """When the party wakes next."""
        return OutreachCore(POLICY).wake_at(self.story.line.party("P"))

    def check(self, task: outreach.ContactRequested) -> None:
        """A contact is lawful, asks for what is open, and is not a second one."""
        at = task.not_before
        rule = POLICY.channels[task.channel]
        assert self.story.clock == at < task.expires_at <= at + timedelta(hours=24)
        for name in ZONES:
            for moment in (at, task.expires_at - timedelta(seconds=1)):
                local = moment.astimezone(ZoneInfo(name))
                assert rule.window.opens <= local.hour * 60 + local.minute < rule.window.closes
                assert local.weekday() in rule.window.weekdays
        open_minor = sum(
            bill.open_minor
            for bill in self.story.bills.values()
            if bill.account_id == task.account_id
        )
        asked = sum(minor(money.amount, money.currency) for money in task.amounts)
        assert 0 < asked <= open_minor
        assert task.task_id not in {each.task_id for each in self.tasks}
        self.tasks.append(task)
        self.check_caps(at)
        for each in self.tasks[:-1]:
            if _about(each) == _about(task):
                gone = each.task_id in self.unmade or each.expires_at <= at
                assert gone, "a second contact about the same, with the first one standing"
                assert each.task_id not in self.ended

    def check_caps(self, at: datetime) -> None:
        """No day has two contacts in any zone, no seven days more than three."""
        for name in ZONES:
            days: dict[Any, int] = defaultdict(int)
            for each in self.tasks:
                gone = each.task_id in self.unmade
                expired = each.expires_at <= at and each.task_id not in self.ended
                if not gone and not expired:
                    days[each.not_before.astimezone(ZoneInfo(name)).date()] += 1
            today = at.astimezone(ZoneInfo(name)).date()
            assert days[today] <= 1
            assert sum(days[today - timedelta(days=ago)] for ago in range(7)) <= 3

    def _bill(self, account: str, due_days: int, euros: int) -> list[Outgoing]:
        self.count += 1
        due = self.story.clock.date() + timedelta(days=due_days)
        item = f"I{self.count}"
        return self.story.bill(item, f"{euros}.00", due.isoformat(), account=account)

    def _chosen(self, account: str, which: int) -> str:
        items = [item for owner, item in self.story.bills if owner == account]
        return items[which % len(items)] if items else ""

    def _pay(self, account: str, which: int, percent: int) -> list[Outgoing]:
        item = self._chosen(account, which)
        owed = self.story.bills[account, item].open_minor if item else 0
        cents = max(1, owed * percent // 100)
        if not owed:
            return []
        return self.story.pay(item, f"{cents // 100}.{cents % 100:02}", account=account)

    def _bounce(self, account: str, which: int) -> list[Outgoing]:
        item = self._chosen(account, which)
        return self.story.bounce(item, "5.00", account=account) if item else []

    def _dispute(self, account: str, which: int, whole: bool) -> list[Outgoing]:  # noqa: FBT001
        self.count += 1
        item = self._chosen(account, which)
        if not item:
            return []
        return self.story.tell(
            ledger.DisputeOpened(
                account_id=account,
                creditor_id=CREDITOR,
                dispute_id=f"D{self.count}",
                invoice_id=item,
                item_ids=(item,),
                currency="EUR",
                amount="" if whole else "3.00",
                opened_on=self.story.clock.date(),
            )
        )

    def _order(self, kind: Any, account: str, **more: Any) -> list[Outgoing]:
        self.count += 1
        about = {"command_id": f"c{self.count}", "account_id": account, "user": "u"}
        return self.story.tell(kind.model_validate(about | more))

    def _hold(self, account: str, starts: int, days: int) -> list[Outgoing]:
        first = self.story.clock.date() + timedelta(days=starts)
        return self._order(
            commands.HoldPlace,
            account,
            hold_id=f"H{self.count}",
            hold_reason="manual",
            starts_on=first,
            ends_on=first + timedelta(days=days) if days < 9 else None,
        )

    def _release(self, account: str) -> list[Outgoing]:
        sent = []
        for hold in self.story.account(account, "P").holds:
            sent += self._order(commands.HoldRelease, account, hold_id=hold.hold_id)
        return sent

    def _promise(self, account: str, days: int) -> list[Outgoing]:
        return self._order(
            commands.PromiseMake,
            account,
            promise_id=f"P{self.count}",
            amount="20.00",
            currency="EUR",
            due_on=self.story.clock.date() + timedelta(days=days),
        )

    def _report(self, ago: int, outcome: str) -> list[Outgoing]:
        if ago >= len(self.tasks):
            return []
        task = self.tasks[-1 - ago]
        if outcome in ("failed", "bounced", "busy", "expired"):
            if outcome == "bounced" or task.task_id not in self.ended:
                self.unmade.add(task.task_id)
                self.ended.discard(task.task_id)
            elif task.task_id in self.ended:
                return []
        else:
            self.ended.add(task.task_id)
            self.unmade.discard(task.task_id)
        sent = self.story.report(
            outcome, task.task_id, channel=task.channel, account_id=task.account_id
        )
        return [
            each
            for each in sent
            if not (
                isinstance(each.data, outreach.ContactCancelled)
                and each.data.task_id == task.task_id
            )
        ]

    def _debtor(self, account: str, both: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        self.debtor(account, both=both)


def _about(task: outreach.ContactRequested) -> tuple[str, str, str, str]:
    return (task.account_id, task.case_id, task.decision.anchor_item_id, task.step)


@settings(max_examples=60)
@given(st.lists(MOVES, max_size=40))
def test_no_history_leads_to_an_unlawful_contact(moves: list[tuple[Any, ...]]) -> None:
    """Never out of hours in any zone, over a cap, twice about the same, or for more than is open.

    And the party's next wake always lies ahead.
    """
    world = World(reload=False)
    world.play(("bill", "A", 2, 50))

    for move in moves:
        world.play(move)
    world.play(("wait", 30))


@settings(max_examples=15)
@given(st.lists(MOVES, max_size=25))
def test_a_history_told_twice_gives_the_same(moves: list[tuple[Any, ...]]) -> None:
    """With parties read back from the store before each event, or kept in memory: all the same."""
    told = []
    for reload in (False, True):
        world = World(reload=reload)
        for move in (*moves, ("wait", 30)):
            world.play(move)
        told.append(
            [(each.topic, each.time, each.entity, each.data) for each in world.story.line.out]
        )

    assert told[0] == told[1]
