"""`python -m services.outreach`: run the service until it is told to end."""

import sys

from services.outreach.app import run
from services.outreach.settings import OutreachSettings

if __name__ == "__main__":
    sys.exit(run(OutreachSettings()))
