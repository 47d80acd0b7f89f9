"""The imperative shell under all four services: poll, fold, commit, publish. No business word in it."""
