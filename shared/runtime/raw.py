"""What FastStream does to records before the handler sees them: nothing.

Its own parsers decode every header and body first. One header that is not UTF-8 then raises before
there is a message that could be refused, and the whole batch is passed over under every
acknowledgement policy (tests/integration/test_facts.py shows it). These two never raise.
"""

from typing import Any

from faststream.message import StreamMessage


async def raw_parser(raw: Any) -> StreamMessage[Any]:  # noqa: ANN401 - one record or a tuple of them
    """Wrap what the consumer brought without looking into it."""
    return StreamMessage(raw_message=raw, body=raw, correlation_id="-")


async def raw_decoder(message: StreamMessage[Any]) -> Any:  # noqa: ANN401 - as above
    """Hand over the aiokafka `ConsumerRecord`, or with ``batch=True`` the tuple of them."""
    return message.raw_message
