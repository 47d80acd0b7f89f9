"""Moved to shared.line.ports."""

from shared.line.ports import *  # noqa: F403
