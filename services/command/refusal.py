"""How a subcommand ends that cannot do what it is asked for."""

from typing import Final

import typer

REFUSED: Final = 2
"""The exit code."""


def refuse(why: str) -> typer.Exit:
    """Say why nothing is done; what to raise then."""
    typer.echo(why, err=True)
    return typer.Exit(REFUSED)
