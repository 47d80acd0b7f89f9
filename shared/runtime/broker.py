"""The broker's side of things at start: the topics as they must be, and what is in them.

Topics are never made by chance (by a first send, with the broker's defaults): partition counts are
part of what a party's order rests on, append times part of how ingest's inputs are merged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.runtime.logging import logger
from shared.topics import MESSAGE_BYTES_MAX, TOPICS, Topic

REPLICAS: Final = 3
MONTH_MS: Final = 31 * 24 * 3600 * 1000
PAUSE_S: Final = (0.5, 10.0)
"""The first and the longest pause while the broker cannot be reached."""
STAMPS: Final = {"append": "LogAppendTime", "create": "CreateTime"}

_AWAY: Final = (KafkaError, OSError, TimeoutError, AttributeError)
# aiokafka's admin client looks up an attribute of None while the cluster has no controller

T = TypeVar("T")
log = logger(__name__)


class TopologyError(Exception):
    """The topics are not as they must be, and someone has to decide what to do."""


async def patiently(ask: Callable[[], Awaitable[T]], *, about: str) -> T:
    """The answer to `ask`, asked again with growing pauses for as long as the broker is away."""
    pause, longest = PAUSE_S
    while True:
        try:
            return await ask()
        except _AWAY as failure:
            log.warning("broker.away", waiting_for=about, why=repr(failure), pause_s=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, longest)


async def ensure_topics(
    connection: Mapping[str, Any],
    *,
    partitions: int,
    replicas: int | None = None,
    topics: Sequence[Topic] = TOPICS,
) -> None:
    """Make the topics that are missing, and check those that are there; waits for the broker.

    Args:
        connection: keyword arguments for an aiokafka client (`ServiceSettings.kafka_client`).
        partitions: how many each topic has.
        replicas: copies of each topic that is made; None: 3, or as many as there are brokers.
        topics: which.

    Raises:
        TopologyError: one is there and not as it must be, or the broker refuses to make one.
    """
    await patiently(lambda: _ensure(connection, partitions, replicas, topics), about="the topics")


async def _ensure(
    connection: Mapping[str, Any], partitions: int, replicas: int | None, topics: Sequence[Topic]
) -> None:
    admin = AIOKafkaAdminClient(**connection)
    try:
        await admin.start()
        names = await admin.list_topics()
        missing = [topic for topic in topics if topic.name not in names]
        if missing:
            await _create(admin, missing, partitions, replicas or await _copies(admin))
        problems = await _problems(admin, topics, partitions)
    finally:
        await admin.close()
    if problems:
        raise TopologyError("\n".join(problems))


async def _copies(admin: AIOKafkaAdminClient) -> int:
    brokers = len((await admin.describe_cluster())["brokers"])
    if brokers < REPLICAS:
        log.warning("broker.few_brokers", brokers=brokers, wanted=REPLICAS)
    return min(brokers, REPLICAS)


async def _create(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], partitions: int, replicas: int
) -> None:
    """Make topics. Another service that made one first is welcome."""
    answer = await admin.create_topics(
        [
            NewTopic(topic.name, partitions, replicas, topic_configs=_config(topic, replicas))
            for topic in topics
        ]
    )
    made = []
    for name, code, *why in answer.topic_errors:
        error = for_code(code)
        if code == 0:
            made.append(name)
        elif error is not TopicAlreadyExistsError:
            if error.retriable:
                raise error(f"{name}: {why}")
            raise TopologyError(
                f"{name}: cannot be made: {error.__name__} {' '.join(map(str, why))}"
            )
    if made:
        log.info("broker.topics_made", topics=made, partitions=partitions, replicas=replicas)


def _config(topic: Topic, replicas: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "message.timestamp.type": STAMPS[topic.stamp],
        "retention.ms": "-1" if topic.kept_for == "ever" else str(MONTH_MS),
        "retention.bytes": "-1",
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        "min.insync.replicas": str(max(1, replicas - 1)),
        "unclean.leader.election.enable": "false",
    }


async def _problems(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], partitions: int
) -> list[str]:
    """What is wrong with the topics, a line each: topic, found, expected, what to do."""
    told = {one["topic"]: one for one in await admin.describe_topics([t.name for t in topics])}
    for topic in topics:
        state = told.get(topic.name, {"error_code": 3})
        if state["error_code"]:  # made a moment ago, and not known everywhere yet
            raise for_code(state["error_code"])(topic.name)
    found = []
    for topic in topics:
        count = len(told[topic.name]["partitions"])
        if count != partitions:
            found.append(
                f"{topic.name}: {count} partitions found, {partitions} expected. A party must have "
                "the same partition number in all topics. Set ARREARS_PARTITIONS to the number "
                "that all topics have; if only this one differs and it is empty, delete it and "
                "start again."
            )
    for name, config in (await _configs(admin, topics)).items():
        found += _config_problems(next(t for t in topics if t.name == name), config)
    return found


def _config_problems(topic: Topic, config: Mapping[str, str]) -> list[str]:
    stamp = STAMPS[topic.stamp]
    wrong = {
        "message.timestamp.type": (stamp, config["message.timestamp.type"] == stamp),
        "cleanup.policy": ("delete", config["cleanup.policy"] == "delete"),
        "max.message.bytes": (
            f"at least {MESSAGE_BYTES_MAX}",
            int(config["max.message.bytes"]) >= MESSAGE_BYTES_MAX,
        ),
        "retention.ms": (
            "-1: it is kept for ever",
            topic.kept_for != "ever" or config["retention.ms"] == "-1",
        ),
        "retention.bytes": (
            "-1: it is kept for ever",
            topic.kept_for != "ever" or config["retention.bytes"] == "-1",
        ),
    }
    return [
        f"{topic.name}: {key} is {config[key]}, expected {expected}. Change it with: "
        f"kafka-configs.sh --alter --entity-type topics --entity-name {topic.name} "
        f"--add-config {key}={expected.removeprefix('at least ').split(':')[0]}"
        for key, (expected, good) in wrong.items()
        if not good
    ]


async def _configs(
    admin: AIOKafkaAdminClient, topics: Iterable[Topic]
) -> dict[str, dict[str, str]]:
    answers = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    )
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        for code, why, _kind, name, entries in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {why}")
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found
