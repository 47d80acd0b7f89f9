"""What goes wrong with a local stack, in words for the person who started it."""


class StackError(Exception):
    """The local stack cannot do what was asked; the message says why, and what to do."""


class PortTakenError(StackError):
    """Another process took the port between its choice and its use; choose another."""
