"""`arrears model`: train a model, report how models do, promote one that does better."""

import typer

from services.command import model_promote, model_report, model_train

app = typer.Typer(help="Train, compare and promote models of scoring.", no_args_is_help=True)
app.command("train")(model_train.main)
app.command("report")(model_report.main)
app.command("promote")(model_promote.main)
