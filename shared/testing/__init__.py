"""Doubles and harnesses for tests; production code never imports them."""
