"""A tiny network of one's own for EasyOCR, with its weights, as a user would put it into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAME = "tiny"
_CONFIGURATION = f"""\
imgH: 32
lang_list: ['en']
character_list: '{SIGNS}'
network_params: {{}}
"""
_CODE = """\
import torch

class Model(torch.nn.Module):
    '''Reads the text of its weights from bright lines and nothing from dark ones.'''

    def __init__(self, num_class, steps=16):
        super().__init__()
        self.text = torch.nn.Parameter(torch.zeros(steps, num_class))
        self.blank = torch.nn.Parameter(torch.zeros(steps, num_class))

    def forward(self, lines, _):
        bright = (lines.mean(dim=(1, 2, 3)) > 0).float()[:, None, None]
        return bright * self.text + (1 - bright) * self.blank
"""
_OTHER_CODE = "from easyocr.model.vgg_model import Model\n"
_OTHER_PARAMETERS = "{input_channel: 1, output_channel: 16, hidden_size: 8}"


def write_easyocr_model(folder: Path, text: str = "KX472HR") -> Path:
    """The folder with `tiny`, which reads `text` from everything bright. Needs torch."""
    import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 (only EasyOCR brings it)

    logits = torch.zeros(16, len(SIGNS) + 1)
    blank = torch.zeros(16, len(SIGNS) + 1)
    logits[:, 0] = 9
    blank[:, 0] = 9
    for place, sign in enumerate(text):
        logits[2 * place, SIGNS.index(sign) + 1] = 20
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.yaml").write_text(_CONFIGURATION)
    (folder / f"{NAME}.py").write_text(_CODE)
    _save({"text": logits, "blank": blank}, folder / f"{NAME}.pth")
    return folder


def write_small_vgg(folder: Path, name: str = "small_vgg") -> Path:
    """The folder with EasyOCR's own architecture, made narrow, with weights of chance. Needs EasyOCR."""
    import torch  # noqa: PLC0415 (only EasyOCR brings it)
    from easyocr.model.vgg_model import Model  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    torch.manual_seed(5)
    network = Model(input_channel=1, output_channel=16, hidden_size=8, num_class=len(SIGNS) + 1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(_CONFIGURATION.replace("{}", _OTHER_PARAMETERS))
    (folder / f"{name}.py").write_text(_OTHER_CODE)
    _save(network.state_dict(), folder / f"{name}.pth")
    return folder


def _save(weights: dict[str, Any], path: Path) -> None:
    import torch  # noqa: PLC0415 (only EasyOCR brings it)

    # EasyOCR expects the names that training on several devices gives.
    torch.save({f"module.{name}": value for name, value in weights.items()}, path)
