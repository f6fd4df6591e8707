"""Options of detectors and recognizers from the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from platewatch.settings import Settings
from platewatch.vision.inference.registry import BackendOptions, LlmOptions, Profile, YoloLayout
from platewatch.vision.inference.session import Provider

LEDGER_NAME: Final = "llm-spending.db"


def backend_options(settings: Settings, now: Callable[[], datetime]) -> BackendOptions:
    """The options of every backend; `now` says on which day a call to a paid service is counted."""
    return BackendOptions(
        provider=Provider(settings.provider),
        profile=Profile(settings.profile),
        models=settings.models_folder,
        model=settings.detector_model,
        recognizer_model=settings.recognizer_model,
        layout=YoloLayout(settings.detector_layout),
        detector_class=settings.detector_class,
        char_yolo_model=settings.char_yolo_model,
        easyocr_folder=settings.easyocr_folder,
        easyocr_network=settings.easyocr_network,
        ensemble=settings.ensemble,
        llm=LlmOptions(
            enabled=settings.llm == "on",
            url=settings.llm_url,
            model=settings.llm_model,
            key=settings.llm_key,
            timeout_s=settings.llm_timeout_s,
            retries=settings.llm_retries,
            daily_cost=settings.llm_daily_cost,
            input_price=settings.llm_input_price,
            output_price=settings.llm_output_price,
            ledger=settings.data / LEDGER_NAME,
            now=now,
        ),
    )
