"""What a service's process uses, as its own metrics say."""

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since its start, resident bytes now, events taken. Zero where nothing is told."""

    cpu_s: float = 0.0
    resident: float = 0.0
    events: float = 0.0


def usage(metrics: str) -> Usage:
    """Read a /metrics page; what this system does not tell (CPU, memory off Linux) is zero."""
    cpu_s = resident = events = 0.0
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == "process_cpu_seconds_total":
                cpu_s = sample.value
            elif sample.name == "process_resident_memory_bytes":
                resident = sample.value
            elif sample.name == "collections_events_processed_total":
                events += sample.value
    return Usage(cpu_s, resident, events)
