"""`python -m services.scoring`: run the service until it is told to end."""

import sys

from services.scoring.app import run
from services.scoring.settings import ScoringSettings

if __name__ == "__main__":
    sys.exit(run(ScoringSettings()))
