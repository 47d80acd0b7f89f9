"""`python -m services.kpi`: run the service until it is told to end."""

import sys

from services.kpi.app import run
from services.kpi.settings import KpiSettings

if __name__ == "__main__":
    sys.exit(run(KpiSettings()))
