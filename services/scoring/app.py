"""Scoring: how likely each account is to pay, and whom to work first.

reads                what it does                                        writes
collections.ledger   passes the line on; keeps each account's behaviour  collections.scores
                     and puts account.scored in where it changed
"""

from services.scoring.domain.core import ScoringCore
from services.scoring.settings import ScoringSettings
from services.scoring.sources import read_scorecard
from services.scoring.wiring import WIRING
from shared.runtime.process import run_service
from shared.runtime.service import Service


def run(settings: ScoringSettings) -> int:
    """Run scoring until it is told to end; the process's exit code."""
    return run_service(Service(settings, WIRING, ScoringCore(read_scorecard())))
