"""What one whole score costs, in calls: they are counted, as times would differ by machine."""

import sys
from datetime import date, timedelta
from types import FrameType
from typing import Final

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.score import score_of, to_fact, to_remember
from services.scoring.domain.standing import Standing
from tests.unit.kpi.books import noon
from tests.unit.scoring.stories import APRIL, CARD, JAN, SEGMENTS, STORY, Doings, issue, lived, pay

CALLS_MAX: Final = 300
"""Of functions, in Python or in C. The story takes 204."""

SOME: Final = 10
"""Calls that a feature saves where it is zero, or has no places to round."""


def calls(account: Behaviour, today: date) -> int:
    """How many calls one score takes, from the features to what is remembered of it."""
    count = 0

    def note(_frame: FrameType, event: str, _about: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    _whole(account, today)  # what is made once is made now
    sys.setprofile(note)
    try:
        _whole(account, today)
    finally:
        sys.setprofile(None)
    return count


def _whole(account: Behaviour, today: date) -> Standing:
    score = score_of(account, CARD, today)
    score.segment = SEGMENTS.of(score)
    return to_remember(score, to_fact(score, CARD, scored_at=noon(today)), None)


def test_one_score_takes_few_calls() -> None:
    """That of the story in which every feature has something to say."""
    assert 100 < calls(lived(STORY, APRIL), APRIL) < CALLS_MAX


def test_a_long_history_costs_no_more() -> None:
    """An account that paid sixty invoices takes as many calls as one that paid six."""
    counts = []
    for paid in (6, 60):
        doings: Doings = {}
        for number in range(paid):
            day = JAN + timedelta(days=number)
            doings[day] = issue(f"I{number}", "100", day, 5)
        last = JAN + timedelta(days=paid)
        for number in range(paid):
            doings[last + timedelta(days=10 + number)] = pay(f"I{number}", "100", last)
        end = max(doings) + timedelta(days=1)
        doings[end] = issue("open", "100", end, 1)
        until = end + timedelta(days=30)
        counts.append(calls(lived(doings, until), until))

    assert abs(counts[0] - counts[1]) < SOME
