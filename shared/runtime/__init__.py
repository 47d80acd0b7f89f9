"""The imperative shell under all services: poll, fold, commit, publish. No business word."""
