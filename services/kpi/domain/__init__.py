"""The cube that the line is folded into, and the figures that come out of it for any day."""
