"""Billing systems' own words, retold as events of the input contract: pure functions of a request.

An adapter takes (headers, body, now, source) and gives events or a named refusal; it never raises,
whatever it is given.
"""
