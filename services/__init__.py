"""The four services, and the command line that composes them.

A service imports `shared` and itself, never another service; only `services.command` sees all four.
"""
