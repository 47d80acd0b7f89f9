"""The parts of `arrears bench`: what is measured, how, and how it is shown."""
