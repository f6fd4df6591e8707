"""Verbs that draw, and that write down what is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from platewatch_training.cli.app import app


@app.command()
def render(
    output: Annotated[Path, typer.Argument(help="The picture to write, such as sheet.png.")],
    count: Annotated[int, typer.Option(min=1, max=2000)] = 96,
    seed: int = 1,
    region: Annotated[str | None, typer.Option(help="Only layouts of this region, such as de or us-ca.")] = None,
    layouts: Annotated[Path | None, typer.Option(help="A folder of further layouts.")] = None,
    clean: Annotated[bool, typer.Option("--clean", help="Plates without car and camera.")] = False,  # noqa: FBT002
) -> None:
    """Draw a contact sheet of what the recognizer is trained on."""
    from platewatch_training.synthesis.sheets import sheet  # noqa: PLC0415 -- --help answers at once

    sheet(output, count=count, seed=seed, region=region, folder=layouts, clean=clean)
    typer.echo(f"{output}: {count} plates")


@app.command()
def grammars(
    output: Annotated[Path, typer.Argument(help="The YAML file to write, such as grammars.yaml.")],
    layouts: Annotated[Path | None, typer.Option(help="A folder of further layouts.")] = None,
) -> None:
    """Write how each region's numbers are built, for settling characters that look alike."""
    from platewatch_training.synthesis.grammars import region_grammars, to_yaml  # noqa: PLC0415
    from platewatch_training.synthesis.layouts import load_layouts  # noqa: PLC0415

    found = region_grammars(load_layouts(layouts))
    output.write_text(to_yaml(found), "utf-8")
    typer.echo(f"{output}: {sum(len(each) for each in found.values())} expressions of {len(found)} regions")
