"""The order in which the records of several topics are folded."""

from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice

from shared.line.arrivals import EPOCH, Arrival

Queues = Mapping[str, deque[Arrival]]
"""What was polled and is not folded yet, by topic."""


def side_by_side(queues: Queues, limit: int) -> list[Arrival]:
    """The beginnings of topics that have nothing to do with each other, as much of each."""
    filled = [queue for queue in queues.values() if queue]
    share = max(1, limit // max(1, len(filled)))
    return [arrival for queue in filled for arrival in islice(queue, share)]


def merged(queues: Queues, limit: int, read_up: Callable[[str], bool]) -> list[Arrival]:
    """The beginning of all topics as one line, in order of append time.

    It ends where the next record of one topic is not at hand, unless `read_up(topic)` says that
    there is none: what was there before must come before.
    """
    waiting = {topic: iter(queue) for topic, queue in queues.items() if queue}
    if len(waiting) == 1:  # as most often: nothing to merge it with
        alone = all(topic in waiting or read_up(topic) for topic in queues)
        return list(islice(next(iter(waiting.values())), limit)) if alone else []
    line: list[Arrival] = []
    heads = {topic: next(queue) for topic, queue in waiting.items()}

    def is_known() -> bool:
        return all(topic in heads or read_up(topic) for topic in queues)

    goes_on = is_known()
    while goes_on and heads and len(line) < limit:
        topic = next(iter(heads))
        if len(heads) > 1:  # at the same time, the topics' order counts: min takes the first
            topic = min(heads, key=lambda name: heads[name].stamp or EPOCH)
        line.append(heads[topic])
        following = next(waiting[topic], None)
        if following is None:
            del heads[topic]
            goes_on = is_known()
        else:
            heads[topic] = following
    return line
