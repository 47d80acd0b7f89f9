"""Decides at ticks which contact is due and lawful; writes a decision record either way."""
