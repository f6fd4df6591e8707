"""Networks to ONNX files, and model folders with their cards."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch
import yaml
from torch import nn

from platewatch.errors import PlatewatchError
from platewatch.vision.inference.model_card import CARD_NAME, ModelCard

# The newest that the exporter writes without converting; every ONNX Runtime of the server's requirements reads it.
OPSET: Final = 18
INT8_SUFFIX: Final = "-int8"
"""Ends the names of models with convolutions in int8."""


class ExportError(PlatewatchError):
    """An export that must not be used; the message says why."""


def write_onnx(
    network: nn.Module,
    example: torch.Tensor,
    path: Path,
    names: tuple[str, Sequence[str]],
    open_sizes: Mapping[int, torch.export.Dim],
) -> None:
    """Write the network.

    Args:
        network: what to write.
        example: an input of it.
        path: the file to write.
        names: of the input, and of the outputs in their order.
        open_sizes: the dimensions of the input that may have any size.
    """
    # It warns at length that torchvision, which nothing here uses, is not installed.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the exporter about itself
        program = torch.onnx.export(
            network.eval(),
            (example,),
            input_names=[names[0]],
            output_names=list(names[1]),
            opset_version=OPSET,
            dynamic_shapes=(dict(open_sizes),),
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ExportError("PyTorch gave no ONNX program. Try again with the pinned versions.")
    program.save(str(path))


def save_card(folder: Path, card: ModelCard) -> None:
    """Write the card; fields that are as by default are left out."""
    content = card.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    (folder / CARD_NAME).write_text(text, encoding="utf-8")
