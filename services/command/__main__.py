"""`python -m services.command`, the same as `arrears`."""

from services.command import main

main()
