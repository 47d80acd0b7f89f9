"""Passes the ledger's line on with each account's score, and its reasons, put in at its place."""
