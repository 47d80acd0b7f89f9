"""Outreach: cases, policies, law; who is contacted, when and how, and why not.

reads                what it does                                        writes
collections.scores   facts change accounts, cases, holds, promises       outreach.activity
                     ticks decide contacts, one per account              outreach.tasks.<channel>
                     money, disputes, opt-outs withdraw tasks at once    outreach.tasks.<channel>
                     commands take effect or are refused with a reason   outreach.activity
"""

from services.outreach.domain.core import OutreachCore
from services.outreach.settings import OutreachSettings
from services.outreach.sources import read_policy
from services.outreach.wiring import WIRING
from shared.runtime.process import run_service
from shared.runtime.service import Service


def run(settings: OutreachSettings) -> int:
    """Run outreach until it is told to end; the process's exit code."""
    return run_service(Service(settings, WIRING, OutreachCore(read_policy(settings.policies))))
