"""`python -m services.ingest`: run the service until it is told to end."""

import sys

from services.ingest.app import run
from services.ingest.settings import IngestSettings

if __name__ == "__main__":
    sys.exit(run(IngestSettings()))
