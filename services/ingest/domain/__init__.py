"""The ledger's rules: pure functions over plain data."""
