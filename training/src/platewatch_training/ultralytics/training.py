"""Ultralytics' YOLOv5, v8 and v11 on a user's own photos, with Ultralytics' own program, if it is there."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
import yaml

from platewatch.datasets.convert import write_dataset
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.placing import Placing
from platewatch.datasets.types import ImageLabels, PlateLabel
from platewatch_training.datasets.own import has_places, own_images
from platewatch_training.runs.config import OwnData, RunError

LICENSE_NOTICE: Final = (
    "Ultralytics is another company's program under the AGPL-3.0, and so, as its makers see it, are networks trained "
    "with it: anyone who lets others use them over a network has to give them the source of all that they are part of, "
    "or buy a licence from Ultralytics. platewatch itself is MIT and does not need it."
)
_SEED: Final = 1
_DATA: Final = "yolo"
_TRAINING: Final = "training"
_BEST: Final = Path(_TRAINING, "weights", "best.pt")
_LAST: Final = Path(_TRAINING, "weights", "last.pt")


@dataclass(frozen=True, slots=True)
class Precision:
    """Mean average precision on the held-back photos in per cent, at IoU 0.5 and over 0.5 to 0.95."""

    at_50: float
    over_all: float


@dataclass(frozen=True, slots=True)
class Request:
    """Options of a training: the run's folder, the data, the weights (a .pt file), and its greatest length."""

    run: Path
    own: OwnData
    weights: Path
    epochs: int
    image_side: int


def train(request: Request) -> tuple[Precision, Precision]:
    """The precision on held-back plates before and after; a stopped run is resumed.

    Raises:
        RunError: Ultralytics or the weights are missing, or too few photos can be used.
        LabelsError: the data can't be read.
    """
    program = ultralytics()
    if not request.weights.is_file():
        raise RunError(
            f"There are no weights {str(request.weights)!r}. Get a .pt file from Ultralytics; none is downloaded."
        )
    data = _write_data(request)
    last = request.run / _LAST
    validation = {"data": str(data), "imgsz": request.image_side}
    before = _precision(program.YOLO(str(request.weights)).val(**validation, device=_device()))
    if last.is_file():
        program.YOLO(str(last)).train(resume=True)
    else:
        program.YOLO(str(request.weights)).train(
            **validation,
            epochs=request.epochs,
            patience=request.own.patience,
            project=str(request.run),
            name=_TRAINING,
            exist_ok=True,
            seed=_SEED,
            device=_device(),
        )
    return before, evaluate(request.run, request.image_side)


def evaluate(run: Path, image_side: int) -> Precision:
    """The precision of a run's best weights on the held-back plates.

    Raises:
        RunError: Ultralytics is missing, or the run has no weights.
    """
    model = ultralytics().YOLO(str(_best_of(run)))
    return _precision(model.val(data=str(run / _DATA / "data.yaml"), imgsz=image_side, device=_device()))


def export(run: Path, image_side: int) -> Path:
    """The ONNX file of the best weights, for the detector `yolo`; raises like `evaluate`."""
    return Path(ultralytics().YOLO(str(_best_of(run))).export(format="onnx", imgsz=image_side))


def ultralytics() -> Any:
    """Ultralytics' module.

    Raises:
        RunError: it is not installed, or can't start here.
    """
    if importlib.util.find_spec("ultralytics") is None:
        raise RunError(
            "Ultralytics is not installed. It is under the AGPL-3.0; if that suits you: "
            "`training/.venv/bin/pip install -e 'training[ultralytics]'`."
        )
    try:
        return importlib.import_module("ultralytics")
    except (ImportError, RuntimeError, OSError) as error:
        raise RunError(
            f"Ultralytics can't start here: {error}. It needs a torchvision that was built for this PyTorch "
            f"({torch.__version__}); those of PyPI are built for CUDA."
        ) from error


def _write_data(request: Request) -> Path:
    """Links to the photos with YOLO labels, and the data file that Ultralytics needs about them."""
    request.run.mkdir(parents=True, exist_ok=True)
    folder = (request.run / _DATA).resolve()
    data_file = folder / "data.yaml"
    if not folder.exists():
        images = own_images(request.own, _SEED, request.run, has_places)
        parts = (*_labelled(images.train, "train"), *_labelled(images.held_back, "val"))
        write_dataset(parts, folder, LabelFormat.YOLO, Placing.LINK)
        images.save(request.run)
        # Ultralytics takes a relative path as one below its own folder of datasets.
        content = {"path": str(folder), "train": "train.txt", "val": "val.txt", "names": {0: "plate"}}
        data_file.write_text(yaml.safe_dump(content, sort_keys=False))
    return data_file


def _labelled(images: Sequence[ImageLabels], part: str) -> list[ImageLabels]:
    """With boxes alone: Ultralytics takes four corners for the outline of a segment."""
    return [
        replace(
            image, split=part, plates=tuple(PlateLabel(box_xyxy=plate.outline_xyxy) for plate in image.plates or ())
        )
        for image in images
    ]


def _best_of(run: Path) -> Path:
    best = run / _BEST
    if not best.is_file():
        raise RunError(f"The run has no weights {str(best)!r}. Train it first.")
    return best


def _precision(results: Any) -> Precision:
    return Precision(100 * float(results.box.map50), 100 * float(results.box.map))


def _device() -> str:
    return "0" if torch.cuda.is_available() else "cpu"
