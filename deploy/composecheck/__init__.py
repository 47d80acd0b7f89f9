"""What `deploy/compose-check` does. Python's own library and Docker are all it needs."""
