"""The guarantees under fire, on the real stack: services, database and broker die and freeze.

One ordeal is gone through (tests/faults/ordeal.py): a history with bad events is sent steadily,
each part of it twice, and all the while processes die. Then everything that was written is compared
with an undisturbed run. A longer one on demand: ARREARS_FAULTS_KILLS=200, ARREARS_FAULTS_SEED=2.
"""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.command.fleet import Fleet
from services.command.service import SERVICES
from shared.cli.eventfile import Line, tick
from shared.cli.stack import running_stack
from shared.testing.comparing import differences, once
from shared.testing.reading import header
from tests.faults.ordeal import Load, Ordeal, OrdealSettings
from tests.runs import TICKS, TOPICS, Real, Simulated, poison_of, story

pytestmark = [pytest.mark.stack, pytest.mark.faults]

ENDED_FOR_GOOD = ("service.ends", "shell.defect", "shell.spoiled", "a gap:")
"""What no log may have: a service that gave up, a defect, a party parked."""


@dataclass(frozen=True, slots=True)
class Gone:
    """An ordeal that was gone through."""

    told: list[Line]
    simulated: Simulated
    real: Real
    ordeal: Ordeal
    logs: Path


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Gone:
    """The ordeal, and the run that nothing disturbed."""
    settings = OrdealSettings()
    told = story(11, accounts=50, invoices=800, days=100)
    told.append(tick(told[-1].time + TICKS))
    simulated = Simulated.of(told, tmp_path_factory.mktemp("simulated"))
    logs = tmp_path_factory.mktemp("logs")
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        fleet = Fleet(stack.environment, logs)
        ordeal = Ordeal(fleet, stack, settings)
        try:
            fleet.launch_all(**ordeal.fleet_settings)
            load = Load(told, stack, settings.load_s)
            load.start()
            ordeal.run()
            under_load = load.lasts
            load.hurry.set()
            while load.lasts:
                ordeal.watch(1)
            assert load.failure is None
            assert under_load
            end = told[-1].time
            began = time.monotonic()
            ordeal.come_through(end.isoformat())
            print(f"through {time.monotonic() - began:.0f} s after the last event")  # noqa: T201 - shown with -s
            real = Real.of(stack, fleet.get("kpi", f"/v1/kpis?as_of={end.date()}"))
        finally:
            fleet.stop_all()
    print(*sorted(ordeal.done.items()), *ordeal.fallen, sep="\n")  # noqa: T201 - as above
    return Gone(told, simulated, real, ordeal, logs)


def test_the_ordeal_was_one(gone: Gone) -> None:
    """Each service was killed, frozen and joined by a second; database and broker were killed."""
    done = gone.ordeal.done

    assert sum(done[f"kill {name}"] for name in SERVICES) >= 20
    assert all(done[f"{what} {name}"] for what in ("kill", "join", "freeze") for name in SERVICES)
    assert done["kill mongod"] >= 1
    assert done["kill kafka"] >= 1


@pytest.mark.parametrize("name", TOPICS)
def test_each_party_has_the_line_of_an_undisturbed_run(gone: Gone, name: str) -> None:
    """Nothing is lost, nothing is there twice, nothing is in another order."""
    assert [] == differences(gone.simulated.writing(name), gone.real.writing(name))


@pytest.mark.parametrize("name", TOPICS)
def test_what_is_repeated_is_the_same_bytes(gone: Gone, name: str) -> None:
    """Outputs may come again after a crash: a sequence always has the same bytes; none misses."""
    assert [] == once(gone.real.records(name)).faults


def test_something_was_repeated(gone: Gone) -> None:
    """The kills have met publications: else they would prove less than they say."""
    assert sum(once(gone.real.records(name)).repeated for name in TOPICS) > 0


def test_the_figures_are_those_of_an_undisturbed_run(gone: Gone) -> None:
    """No money is counted twice, none is missing."""
    assert gone.simulated.kpis() == gone.real.kpis()


def test_the_dead_letters_are_the_poison(gone: Gone) -> None:
    """Every bad event is there, with its reason, and no good one."""
    assert poison_of(gone.told) == {letter[0] for letter in gone.real.letters()}
    assert gone.simulated.letters() == gone.real.letters()
    assert [] == gone.real.letters_of_others()


def test_no_contact_is_asked_for_twice(gone: Gone) -> None:
    """One contact, one task id; one task id, one request."""
    requests = [
        record
        for record in once(gone.real.records("outreach.tasks")).records
        if header(record, "ce_type") == "outreach.contact.requested.v1"
    ]

    ids = Counter(header(record, "ce_id") for record in requests)
    contacts = Counter(
        (record.topic, header(record, "ce_subject"), header(record, "ce_time"))
        for record in requests
    )
    assert len(requests) > 100
    assert set() == {id_ for id_, times in ids.items() if times > 1}
    assert set() == {contact for contact, times in contacts.items() if times > 1}


def test_no_service_gave_up(gone: Gone) -> None:
    """All that happened is everyday business: no service ended for good, no party was parked."""
    found = [
        f"{log.name}: {line}"
        for log in sorted(gone.logs.glob("*.log"))
        for line in log.read_text(errors="replace").splitlines()
        if any(sign in line for sign in ENDED_FOR_GOOD)
    ]

    assert [] == found
