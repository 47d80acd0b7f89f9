"""A local Kafka and MongoDB, with nothing installed but Python: for development, demo and tests.

`running_stack` owns both: they end with the block, and with its process however that dies.
`arrears stack up` keeps them running in the background until `arrears stack down`. In production
Kafka and MongoDB are yours: where KAFKA_BOOTSTRAP_SERVERS or MONGODB_URI is set, that one is used
and not started.
"""

from shared.cli.stack.commands import app
from shared.cli.stack.errors import StackError
from shared.cli.stack.running import Stack, running_stack
from shared.cli.stack.server import Server

__all__ = ["Server", "Stack", "StackError", "app", "running_stack"]
