"""`python -m shared.cli`: the subcommands that need no service, where no service is installed."""

import typer

from shared.cli.stack import app as stack

app = typer.Typer(help="Arrears without its services.", add_completion=False)
app.add_typer(stack, name="stack")

app(prog_name="python -m shared.cli")
