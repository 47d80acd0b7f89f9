"""Ingest's HTTP doors: what comes in is checked, written to Kafka, and only then answered with 202.

`events` takes CloudEvents, `webhooks` what billing systems send in their own words; `sources` says
who may, `adapters` how each speaks.
"""

from services.ingest.doors.events import EventsDoor
from services.ingest.doors.openapi import OpenApi
from services.ingest.doors.sources import Source, Sources, SourcesError, load
from services.ingest.doors.webhooks import WebhookDoor

__all__ = [
    "EventsDoor",
    "OpenApi",
    "Source",
    "Sources",
    "SourcesError",
    "WebhookDoor",
    "load",
]
