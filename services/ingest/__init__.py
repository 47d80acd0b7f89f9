"""The one door: checks, deduplicates and orders what comes from outside; keeps the ledger."""
