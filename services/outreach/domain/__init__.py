"""The rules of outreach: who is contacted when, how, and why not. Pure."""
