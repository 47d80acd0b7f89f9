"""Folds the line into small cubes, from which each figure comes out exact for any day."""
