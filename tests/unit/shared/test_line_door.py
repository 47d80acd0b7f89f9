"""The door: ids are taken once, records find their partition, and the line is in order of time."""

from datetime import timedelta

import pytest

from shared.line import arrivals
from shared.line.lane import Limits
from shared.line.ports import Record
from shared.line.size import size_of
from shared.testing.bench import Bench
from shared.testing.toy import (
    COMMANDS,
    DLQ,
    EVENTS,
    LINE,
    Added,
    Configured,
    told,
)
from shared.topics import MESSAGE_BYTES_MAX, partition_of

FAR = next(n for n in range(100) if partition_of(f"far-{n}".encode(), 2) == 1)
FAR_PARTY, NEAR_PARTY = (
    f"far-{FAR}",
    next(f"near-{n}" for n in range(100) if partition_of(f"near-{n}".encode(), 2) == 0),
)


class TestIds:
    @pytest.mark.parametrize("records_max", [1, 1000])
    def test_the_same_id_with_the_same_content_changes_nothing(self, records_max: int) -> None:
        """In one batch or in two; what is the same is the validated type, subject and data."""
        bench = Bench(limits=Limits(records_max=records_max))
        first = told(Added(account_id="ann", amount=5), id="1", time=bench.now, party="ann")
        spaced = Record(
            EVENTS, 0, first.key, b'{"amount" : 5, "account_id": "ann", "new": 1}', first.headers
        )

        bench.put(first, spaced)
        bench.run()

        assert ["added", "noted"] == [what for what, _, _ in bench.line()]
        assert {"applied": 1, "duplicate": 1} == dict(bench.worker.observer.outcomes)

    @pytest.mark.parametrize("records_max", [1, 1000])
    def test_the_same_id_with_other_content_is_a_conflict(self, records_max: int) -> None:
        """It is reported as a dead letter, and what was there first stays."""
        bench = Bench(limits=Limits(records_max=records_max))
        bench.tell(Added(account_id="ann", amount=5), id="1")
        bench.tell(Added(account_id="ann", amount=6), id="1")

        bench.run()

        assert ["conflict"] == bench.reasons()
        assert '"total":5' in (bench.document("ann", "tally") or "")

    def test_ids_of_two_sources_are_two(self) -> None:
        """An id is unique within its source."""
        bench = Bench()
        for source in ("one", "two"):
            fact = Added(account_id="ann")
            bench.put(told(fact, id="1", time=bench.now, party="ann", source=source))

        bench.run()

        assert {"applied": 2} == dict(bench.worker.observer.outcomes)

    def test_ids_outlive_the_process(self) -> None:
        """They are kept for ever, with what they caused."""
        bench = Bench()
        bench.tell(Added(account_id="ann"), id="1")
        bench.run()
        bench.restart()

        bench.tell(Added(account_id="ann"), id="1")
        bench.run()

        assert {"duplicate": 1} == dict(bench.worker.observer.outcomes)

    def test_what_is_refused_for_good_is_registered(self) -> None:
        """The same event would be refused again; it is reported once."""
        bench = Bench()
        bench.tell(Added(account_id="ann", fault="refuse"), id="1")
        bench.tell(Added(account_id="ann", fault="refuse"), id="1")

        bench.run()

        assert ["invalid"] == bench.reasons()
        assert ["test\x1f1"] == list(bench.data.taken)

    @pytest.mark.parametrize("records_max", [1, 1000])
    def test_what_may_be_sent_again_is_not_registered(self, records_max: int) -> None:
        """An event that is not acted on yet is taken when it is redriven."""
        bench = Bench(limits=Limits(records_max=records_max))
        bench.tell(Added(account_id="ann", fault="refuse_redrivable"), id="1")
        bench.tell(Added(account_id="ann", amount=5), id="1")

        bench.run()

        assert ["not_yet_supported"] == bench.reasons()
        assert '"total":5' in (bench.document("ann", "tally") or "")

    def test_what_is_refused_does_not_enter_the_line(self) -> None:
        """A dead letter is no part of the book of record; redriven it would be there twice."""
        bench = Bench()
        bench.tell(Added(account_id="ann", fault="refuse"))
        bench.tell(Added(account_id="ann", fault="refuse_redrivable"))

        bench.run()

        assert [] == bench.line()
        assert {} == bench.data.rows


class TestPlaces:
    def test_a_record_on_the_wrong_partition_is_forwarded(self) -> None:
        """With the party as its key; its id is registered at the right partition alone."""
        bench = Bench(partitions=2)
        bench.tell(Added(account_id="a1", amount=5), party=FAR_PARTY, partition=0, id="1")

        bench.run()

        forwarded = bench.log.read(EVENTS, 1)
        assert [FAR_PARTY.encode()] == [record.key for record in forwarded]
        assert [[], ["added", "noted"]] == [
            [what for what, _, _ in bench.line(partition=number)] for number in range(2)
        ]
        assert {"forwarded": 1, "applied": 1} == dict(bench.worker.observer.outcomes)
        assert ["test\x1f1"] == list(bench.data.taken)

    def test_a_forwarded_record_is_as_it_came(self) -> None:
        """Value and headers untouched, whatever they hold."""
        bench = Bench(partitions=2)
        sent = told(Added(account_id="a1"), id="1", time=bench.now, party=FAR_PARTY)
        odd = Record(
            EVENTS, 0, b"\xff", sent.value, [*sent.headers, ("x", None), ("y", b"\xff\xfe")]
        )
        bench.put(odd)

        bench.run()

        forwarded = bench.log.read(EVENTS, 1)[0]
        assert (odd.value, list(odd.headers)) == (forwarded.value, list(forwarded.headers))

    def test_an_account_belongs_to_the_party_of_its_first_event(self) -> None:
        """Later events go by that binding, whatever party they name."""
        bench = Bench(partitions=2)
        bench.tell(Added(account_id="a1", amount=5), party=FAR_PARTY)
        bench.run()

        bench.tell(Added(account_id="a1", amount=6), party=NEAR_PARTY)
        bench.run()

        assert '"total":11' in (bench.document(FAR_PARTY, "tally") or "")
        assert bench.document(NEAR_PARTY, "tally") is None

    def test_the_binding_outlives_the_process(self) -> None:
        """It is stored when it is made, before anything follows from it."""
        bench = Bench(partitions=2)
        bench.tell(Added(account_id="a1", amount=5), party=FAR_PARTY)
        bench.run()
        bench.restart()

        bench.tell(Added(account_id="a1", amount=6), party=NEAR_PARTY)
        bench.run()

        assert '"total":11' in (bench.document(FAR_PARTY, "tally") or "")

    def test_a_record_astray_does_not_empty_its_party(self) -> None:
        """The owner's lane and the one that only forwards may meet a party in one round."""
        bench = Bench(partitions=2)
        bench.tell(Added(account_id=NEAR_PARTY, amount=5))
        bench.run()
        bench.restart()

        bench.tell(Added(account_id=NEAR_PARTY, amount=6))
        bench.tell(Added(account_id=NEAR_PARTY, amount=7), partition=1)
        bench.run()

        assert '"total":18' in (bench.document(NEAR_PARTY, "tally") or "")

    def test_bindings_that_are_let_go_are_asked_for_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However few are held, a known account of the same round is not taken for a new one."""
        monkeypatch.setattr("shared.runtime.loading._BINDINGS_MAX", 0)
        bench = Bench(partitions=2)
        bench.tell(Added(account_id="a1"), party=FAR_PARTY)
        bench.run()

        bench.tell(Added(account_id="a1"), party=NEAR_PARTY)
        bench.tell(Added(account_id="a2"), party=NEAR_PARTY)
        bench.run()

        assert '"count":2' in (bench.document(FAR_PARTY, "tally") or "")
        assert '"count":1' in (bench.document(NEAR_PARTY, "tally") or "")

    def test_what_names_nobody_is_refused(self) -> None:
        """An event neither about an account nor keyed by a party has no place in the line."""
        bench = Bench()
        bench.put(told(Added(account_id=""), id="1", time=bench.now))
        bench.tell(Added(account_id="ann"))

        bench.run()

        assert ["invalid"] == bench.reasons()
        assert ["added", "noted"] == [what for what, _, _ in bench.line()]


class TestTheLine:
    def test_inputs_merge_by_append_time(self) -> None:
        """And where two were appended at once, in the order of the topics."""
        bench = Bench()
        order = [EVENTS, COMMANDS, COMMANDS, EVENTS]
        for number, topic in enumerate(order):
            bench.later(seconds=1)
            bench.tell(Added(account_id=f"p{number}"), topic=topic)
        bench.tell(Added(account_id="p5"), topic=COMMANDS)
        bench.tell(Added(account_id="p4"), topic=EVENTS)

        bench.run()

        assert ["p0", "p1", "p2", "p3", "p4", "p5"] == [
            who for what, who, _ in bench.line() if what == "added"
        ]

    def test_a_tick_waits_until_the_other_topics_are_read_up(self) -> None:
        """What was there before the tick is known at the tick: a payment, a STOP."""
        bench = Bench()
        bench.tell(Added(account_id="ann", wake_in_s=(30,)))
        bench.run()
        for number in range(5):
            bench.tell(Added(account_id="ann", amount=number), topic=COMMANDS)
        bench.tick(seconds=60)

        bench.run(polls_of=1)

        assert ["added"] * 6 == [what for what, _, _ in bench.line() if what != "noted"][:6]
        assert ["woken", "decided", "ticked"] == [what for what, _, _ in bench.line()][-3:]

    def test_what_came_after_the_tick_is_folded_after_it(self) -> None:
        """Even if it was read before."""
        bench = Bench()
        bench.tell(Added(account_id="ann", wake_in_s=(30,)))
        bench.tick(seconds=60)
        bench.later(seconds=1)
        bench.tell(Added(account_id="ann", amount=9), topic=COMMANDS)

        bench.run()

        assert ["added", "noted", "woken", "decided", "ticked", "added", "noted"] == [
            what for what, _, _ in bench.line()
        ]

    def test_events_pass_on_as_the_bytes_they_were(self) -> None:
        """Same id, source, time and value; with a sequence, the party, and when it was taken."""
        bench = Bench()
        value = b'{ "account_id":"ann", "amount":5, "unknown":  [1.50, "\\u00e9"]}'
        sent = told(Added(account_id="ann"), id="1", time=bench.now, party="p")
        bench.put(Record(COMMANDS, 0, b"k", value, [*sent.headers, ("foreign", b"x")]))

        bench.run()

        passed = bench.said()[0]
        assert value == passed.data
        wanted = {
            "ce_id": b"1",
            "ce_source": b"test",
            "ce_type": b"toy.added.v1",
            "ce_subject": b"ann",
            "ce_partitionkey": b"p",
            "ce_sequence": b"%016d" % 1,
            "ce_recordedtime": b"2026-01-05T00:00:00Z",
        }
        assert wanted.items() <= passed.headers.items()
        assert "foreign" not in passed.headers

    def test_sequences_are_contiguous_from_one(self) -> None:
        """On the output topic, whatever is passed on, emitted or refused in between."""
        bench = Bench(limits=Limits(records_max=2))
        for number in range(6):
            fault = ("", "refuse", "raise")[number % 3]
            bench.tell(Added(account_id=f"p{number}", fault=fault, wake_in_s=(30,)))
        bench.tell(Configured(number=1, factor=2, from_=bench.now))
        bench.tick(seconds=60)

        bench.run()

        sequences = [int(said.headers["ce_sequence"] or b"") for said in bench.said()]
        assert list(range(1, len(sequences) + 1)) == sequences
        assert bench.data.cursors[0].sequences == {LINE: len(sequences) + 1}

    def test_records_of_one_cause_have_ids_of_their_own_that_never_vary(self) -> None:
        """The same event folded by another process gives the same ids."""
        ids = []
        for _ in range(2):
            bench = Bench()
            bench.tell(Added(account_id="ann", wake_in_s=(30,)), id="1")
            bench.tick(seconds=60)
            bench.run()
            ids.append([said.headers["ce_id"] for said in bench.said()])

        assert ids[0] == ids[1]
        assert len(set(ids[0])) == len(ids[0])


class TestDeadLetters:
    @pytest.mark.parametrize(
        ("value", "reason", "field"),
        [
            (b"{", "malformed", "data"),
            (b"\xff", "malformed", "data"),
            (None, "malformed", ""),
            (b"[]", "invalid", "data"),
            (b'{"amount": 1}', "invalid", "data.account_id"),
            (b'{"account_id": "a", "amount": "x"}', "invalid", "data.amount"),
        ],
    )
    def test_a_bad_value_says_what_is_wrong_with_it(
        self, value: bytes | None, reason: str, field: str
    ) -> None:
        """Bytes and headers untouched, the reason and its field in added headers; others go on."""
        bench = Bench()
        good = told(Added(account_id="ann"), id="1", time=bench.now, party="ann")
        bench.put(Record(EVENTS, 0, b"\x00k", value, [*good.headers, ("x", None), ("y", b"\xff")]))
        bench.put(good)

        bench.run()

        letter = bench.log.read(DLQ, 0)[0]
        told_in = dict(letter.headers)
        assert (b"\x00k", value) == (letter.key, letter.value)
        assert [*good.headers, ("x", None), ("y", b"\xff")] == list(letter.headers)[
            : len(good.headers) + 2
        ]
        assert reason.encode() == told_in["__dlq.errors.reason"]
        assert field.encode() == told_in["__dlq.errors.field"]
        assert (b"toy.events", b"0", b"0", b"toy") == tuple(
            told_in[f"__dlq.errors.{name}"] for name in ("topic", "partition", "offset", "group")
        )
        assert 1 == bench.worker.observer.outcomes["applied"]

    def test_foreign_headers_are_nobodys_business(self) -> None:
        """Null and non-UTF-8 ones that are not CloudEvents' are never looked into."""
        bench = Bench()
        good = told(Added(account_id="ann"), id="1", time=bench.now, party="ann")
        odd = [("trace", None), ("blob", b"\xff\xfe"), *good.headers, ("", b"")]
        bench.put(Record(EVENTS, 0, None, good.value, odd))

        bench.run()

        assert {"applied": 1} == dict(bench.worker.observer.outcomes)

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"])
    def test_a_header_that_matters_and_cannot_be_read_is_a_dead_letter(
        self, content: bytes | None
    ) -> None:
        """A null one counts as absent."""
        bench = Bench()
        good = told(Added(account_id="ann"), id="1", time=bench.now, party="ann")
        bench.put(
            Record(
                EVENTS,
                0,
                None,
                good.value,
                [(name, content if name == "ce_id" else value) for name, value in good.headers],
            )
        )

        bench.run()

        assert ["malformed"] == bench.reasons()

    @pytest.mark.parametrize(("room", "wanted"), [(500, True), (10_000, False)])
    @pytest.mark.parametrize("large", ["value", "header"])
    def test_a_record_too_large_to_go_on_is_a_letter(
        self, large: str, room: int, *, wanted: bool
    ) -> None:
        """A record must not outgrow the limit by added headers; if a letter would, it names it."""
        bench = Bench(partitions=2)
        good = told(Added(account_id="ann"), id="1", time=bench.now, party=FAR_PARTY)
        bulk = b" " * (MESSAGE_BYTES_MAX - room)
        bench.put(
            Record(EVENTS, 0, good.key, bulk, good.headers)
            if large == "value"
            else Record(EVENTS, 0, good.key, good.value, [*good.headers, ("x", bulk)])
        )
        bench.tell(Added(account_id="bob"))

        bench.run()

        letter = bench.log.read(DLQ, 0)[0]
        assert ["oversize"] == bench.reasons()
        assert size_of(letter.key, letter.value, letter.headers) <= MESSAGE_BYTES_MAX
        assert wanted == ("__dlq.errors.omitted" in dict(letter.headers))
        assert 1 == bench.worker.observer.outcomes["applied"]

    def test_whatever_the_door_takes_fits_wherever_it_goes(self) -> None:
        """Passed on, forwarded, copied or refused: with all that is added, below the limit."""
        bench = Bench(partitions=2)
        name = "é" * 200
        room = arrivals.FOREIGN_BYTES_MAX - 6_000
        for id_, party, partition, topic, fault in (
            (name, NEAR_PARTY, 0, COMMANDS, ""),
            ("2", FAR_PARTY, 0, EVENTS, ""),
            ("3", NEAR_PARTY, 0, EVENTS, "refuse"),
        ):
            fact = told(Added(account_id=name[:199] + id_[:1], fault=fault), id=id_, time=bench.now)
            value = (fact.value or b"")[:-1] + b"," + b" " * room + b'"n":1}'
            headers = [*fact.headers, ("ce_partitionkey", party.encode())]
            bench.put(Record(topic, partition, None, value, headers))

        bench.run()

        assert ["invalid"] == bench.reasons()
        everything = [
            record for (_, _), records in bench.log._records.items() for record in records
        ]
        assert all(
            size_of(one.key, one.value, one.headers) + 100 < MESSAGE_BYTES_MAX for one in everything
        )
        assert 9 == len(everything)


def test_a_date_in_9999_is_a_time_as_any() -> None:
    """The last moments that there are may be told."""
    bench = Bench()
    last = bench.now.replace(year=9999, month=12, day=31) + timedelta(hours=23)
    bench.put(told(Added(account_id="ann", wake_in_s=(60,)), id="1", time=last, party="ann"))
    bench.put(
        told(Configured(number=1, factor=2, from_=last), id="2", time=last),
    )
    bench.tick(days=200)

    bench.run()

    assert {"applied": 3} == dict(bench.worker.observer.outcomes)
    assert [] == bench.worker.stopped
