"""The one door: validates, deduplicates and orders what comes from outside, and keeps the ledger."""
