"""Those parts of the command line that need no service: the local stack, files of events."""
