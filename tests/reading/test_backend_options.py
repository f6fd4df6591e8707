from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from platewatch.clock import SetClock
from platewatch.errors import SettingsError
from platewatch.reading.backend_options import backend_options
from platewatch.settings import Settings, load_settings
from platewatch.vision.inference.registry import BackendOptions, LlmOptions

CLOCK = SetClock(datetime(2026, 5, 4, tzinfo=UTC))


def test_without_settings_backends_get_their_own_defaults(tmp_path: Path) -> None:
    told = backend_options(Settings(data=tmp_path), CLOCK.now)
    assert told == BackendOptions(models=tmp_path / "models", llm=LlmOptions(ledger=tmp_path / "llm-spending.db"))
    assert told.llm.now() == CLOCK.now()


def test_each_setting_reaches_its_backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "CHAR_YOLO_MODEL": "characters.onnx",
        "DETECTOR_CLASS": "license-plate,2",
        "EASYOCR_FOLDER": "weights",
        "EASYOCR_NETWORK": "latin_g2",
        "ENSEMBLE": "rapidocr, char-yolo",
        "LLM": "on",
        "LLM_KEY": "secret",
        "LLM_URL": "http://127.0.0.1:9",
        "LLM_MODEL": "other",
        "LLM_TIMEOUT_S": "3",
        "LLM_RETRIES": "1",
        "LLM_DAILY_COST": "0.5",
        "LLM_INPUT_PRICE": "1",
        "LLM_OUTPUT_PRICE": "2",
    }.items():
        monkeypatch.setenv(f"PLATEWATCH_{name}", value)
    settings = load_settings()
    told = backend_options(settings, CLOCK.now)
    assert (told.char_yolo_model, told.easyocr_folder) == (Path("characters.onnx"), Path("weights"))
    assert (told.easyocr_network, told.ensemble) == ("latin_g2", ("rapidocr", "char-yolo"))
    assert told.detector_class == "license-plate,2"
    llm = told.llm
    assert (llm.enabled, llm.key, llm.url, llm.model) == (True, "secret", "http://127.0.0.1:9", "other")
    assert (llm.timeout_s, llm.retries, llm.daily_cost) == (3, 1, 0.5)
    assert (llm.input_price, llm.output_price) == (1, 2)
    assert "secret" not in repr(settings) + repr(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM", "maybe"),
        ("LLM_URL", "ftp://elsewhere"),
        ("LLM_URL", "https://name:password@elsewhere"),
        ("LLM_MODEL", "../../secrets"),
        ("LLM_DAILY_COST", "-1"),
        ("EASYOCR_NETWORK", "../evil"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"PLATEWATCH_{name}", value)
    with pytest.raises(SettingsError, match=f"PLATEWATCH_{name}"):
        load_settings()
