"""The gauges of segments show what the store counted."""

from prometheus_client import CollectorRegistry, generate_latest

from services.scoring.metrics import SegmentMetrics


def test_segments_and_changes_are_shown() -> None:
    """By name; what is gone from the figures is gone from the metrics."""
    registry = CollectorRegistry()
    gauges = SegmentMetrics(registry)

    gauges.show({"segments": {"gone": 1}, "segment_changes": {"gone>new": 1}})
    gauges.show({"segments": {"new": 3, "rest": 2}, "segment_changes": {"new>rest": 2}})

    told = [
        line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")
    ]
    assert [
        'scoring_segment_accounts{segment="new"} 3.0',
        'scoring_segment_accounts{segment="rest"} 2.0',
        'scoring_segment_changes{after="rest",before="new"} 2.0',
    ] == told
