from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from platewatch.clock import SetClock
from platewatch.errors import BudgetError, ModelFileError, RemoteModelError
from platewatch.vision.backends import llm
from platewatch.vision.backends.llm import LlmRecognizer
from platewatch.vision.backends.spending import Spending
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference.registry import BackendOptions, LlmOptions
from platewatch.vision.types import Crop, Detection
from tests.vision.gemini import KEY, PLATE, Gemini, Reply, gemini, refused, told

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ONE_CALL_COST = (0.30 * 600 + 2.50 * 30) / 1e6


@pytest.fixture(autouse=True)
def _no_proxies_and_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(llm, "FIRST_WAIT_S", 0.001)


@pytest.fixture
def service() -> Iterator[Gemini]:
    with gemini() as running:
        yield running


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def options(service: Gemini, clock: SetClock, tmp_path: Path) -> LlmOptions:
    return LlmOptions(
        enabled=True, url=service.url, key=KEY, timeout_s=5, ledger=tmp_path / "deep" / "ledger.db", now=clock.now
    )


def make(options: LlmOptions, **changes: Any) -> LlmRecognizer:
    return LlmRecognizer(BackendOptions(llm=replace(options, **changes)))


def crop(brightness: int = 255, width: int = 200, height: int = 50) -> Crop:
    return Crop(
        np.full((height, width, 3), brightness, np.uint8), Detection(corners_from_box((0, 0, width, height)), 1.0)
    )


def spent(options: LlmOptions) -> float:
    return Spending(options.ledger, options.daily_cost, options.now).today()


def test_crops_are_read_in_one_call_in_their_order(service: Gemini, options: LlmOptions) -> None:
    read = make(options).recognize([crop(), crop(0), crop()])
    assert [one.text.replace(" ", "") for one in read] == [PLATE, "", PLATE]
    assert [len(call) for call in service.calls] == [3]
    assert {character.confidence for character in read[0].characters} == {0.9}
    assert read[0].confidence is None


def test_many_crops_are_sent_eight_a_call(service: Gemini, options: LlmOptions) -> None:
    read = make(options).recognize([crop(255 * (number % 2)) for number in range(19)])
    assert [bool(one.characters) for one in read] == [bool(number % 2) for number in range(19)]
    assert [len(call) for call in service.calls] == [8, 8, 3]


def test_no_crops_cost_no_call(service: Gemini, options: LlmOptions) -> None:
    assert make(options).recognize([]) == []
    make(options).warm_up()
    assert service.calls == []


def test_a_large_crop_is_made_small_before_it_leaves(service: Gemini, options: LlmOptions) -> None:
    make(options).recognize([crop(width=3000, height=700)])
    assert service.calls[0][0].size == (512, 119)


def test_its_own_sureness_never_counts_as_certainty(service: Gemini, options: LlmOptions) -> None:
    service.replies = [Reply(told('[{"text": "AB12", "confidence": 1}]'))]
    (read,) = make(options).recognize([crop()])
    assert {character.confidence for character in read.characters} == {0.95}


def test_nothing_is_sent_until_it_is_switched_on(service: Gemini, options: LlmOptions) -> None:
    with pytest.raises(ModelFileError, match=r"switched off.*PLATEWATCH_LLM=on.*127\.0\.0\.1"):
        make(options, enabled=False)
    assert LlmOptions().enabled is False
    assert service.calls == []


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_asked_for(options: LlmOptions, key: str | None) -> None:
    with pytest.raises(ModelFileError, match="PLATEWATCH_LLM_KEY"):
        make(options, key=key)


def test_the_key_is_in_no_message_and_no_repr(options: LlmOptions) -> None:
    with pytest.raises(RemoteModelError) as failed:
        make(options, key="wrong-but-secret").recognize([crop()])
    assert "API key not valid" in str(failed.value)
    assert "wrong-but-secret" not in str(failed.value) + repr(replace(options, key="wrong-but-secret"))


NONSENSE = [
    pytest.param(b"<html>Sign in to the hotel's Wi-Fi</html>", id="a web page"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"\xff\xfe\x00", id="bytes"),
    pytest.param(b"[" * 100_000, id="deep brackets"),
    pytest.param(b'{"candidates": []}', id="no candidates"),
    pytest.param(b'{"promptFeedback": {"blockReason": "SAFETY"}}', id="blocked"),
    pytest.param(told("I'm sorry, I can't read plates."), id="an excuse"),
    pytest.param(told('{"text": "AB12", "confidence": 1}'), id="no array"),
    pytest.param(told("[]"), id="for fewer images"),
    pytest.param(told('[{"text": "A", "confidence": 1}, {"text": "B", "confidence": 1}]'), id="for more images"),
    pytest.param(told('[{"text": 12, "confidence": 1}]'), id="a number as text"),
    pytest.param(told('[{"text": "AB12", "confidence": 7}]'), id="surer than sure"),
    pytest.param(told('[{"text": "AB12", "confidence": NaN}]'), id="not a number"),
    pytest.param(told(json.dumps([{"text": "A" * 5000, "confidence": 1}])), id="a novel"),
    pytest.param(b" " * (2 << 20), id="two megabytes"),
]


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_is_asked_for_again_and_then_an_error_never_no_plate(
    service: Gemini, options: LlmOptions, body: bytes
) -> None:
    service.replies = [Reply(body)] * 3
    with pytest.raises(RemoteModelError, match=r"gemini-2\.5-flash.*answered"):
        make(options).recognize([crop()])
    assert len(service.calls) == 3


def test_after_one_nonsense_the_next_answer_counts(service: Gemini, options: LlmOptions) -> None:
    service.replies = [Reply(told("Certainly! Here is your plate:"))]
    (read,) = make(options).recognize([crop()])
    assert read.text == "KX 472 HR"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_service_is_asked_again_and_its_refusal_costs_nothing(
    service: Gemini, options: LlmOptions, status: int
) -> None:
    service.replies = [refused(status, "Resource has been exhausted"), refused(status, "still")]
    assert make(options).recognize([crop()])[0].characters
    assert len(service.calls) == 3
    assert spent(options) == pytest.approx(ONE_CALL_COST)


def test_a_service_that_stays_busy_is_an_error_with_its_reason(service: Gemini, options: LlmOptions) -> None:
    service.replies = [refused(429, "Resource has been exhausted")] * 9
    with pytest.raises(RemoteModelError, match="429: Resource has been exhausted"):
        make(options).recognize([crop()])
    assert len(service.calls) == 3
    assert spent(options) == 0


def test_a_service_that_asks_for_a_long_wait_is_not_waited_for(service: Gemini, options: LlmOptions) -> None:
    service.replies = [refused(429, "quota", Retry_After="3600")]
    with pytest.raises(RemoteModelError, match="wait 3600 s"):
        make(options).recognize([crop()])
    assert len(service.calls) == 1


@pytest.mark.parametrize(("status", "count"), [(400, 1), (403, 1), (404, 1), (302, 1)])
def test_what_can_not_get_better_is_not_tried_again(
    service: Gemini, options: LlmOptions, status: int, count: int
) -> None:
    service.replies = [refused(status, "no", Location="http://127.0.0.1:1/elsewhere")]
    with pytest.raises(RemoteModelError, match=rf"answered {status}: no"):
        make(options).recognize([crop()])
    assert len(service.calls) == count
    assert spent(options) == 0


def test_a_service_that_drips_is_slow_too(service: Gemini, options: LlmOptions) -> None:
    service.replies = [Reply(told("[]"), drip_s=0.05)] * 2
    with pytest.raises(RemoteModelError, match=r"within 0\.3 s"):
        make(options, timeout_s=0.3, retries=1).recognize([crop()])
    assert len(service.calls) == 2


def test_a_service_that_is_away_is_named(options: LlmOptions) -> None:
    with pytest.raises(RemoteModelError, match=r"http://127\.0\.0\.1:9 can't be reached"):
        make(options, url="http://127.0.0.1:9", retries=0).recognize([crop()])


def test_a_call_costs_what_its_tokens_cost(options: LlmOptions) -> None:
    make(options).recognize([crop()])
    assert spent(options) == pytest.approx(ONE_CALL_COST)


def test_an_answer_that_tells_no_tokens_costs_what_was_reserved(service: Gemini, options: LlmOptions) -> None:
    service.replies = [Reply(b'{"candidates": [{"content": {"parts": [{"text": "[]"}]}}]}')]
    with pytest.raises(RemoteModelError):
        make(options, retries=0).recognize([crop()])
    assert spent(options) > ONE_CALL_COST


def test_the_day_ends_at_its_cap_and_the_next_one_begins_again(
    service: Gemini, options: LlmOptions, clock: SetClock
) -> None:
    recognizer = make(options, daily_cost=3 * ONE_CALL_COST)
    calls = 0
    with pytest.raises(BudgetError, match="PLATEWATCH_LLM_DAILY_COST") as refusal:
        for calls in range(9):  # noqa: B007 (counted until it is refused)
            recognizer.recognize([crop()])
    assert len(service.calls) == calls > 0
    assert spent(options) <= 3 * ONE_CALL_COST
    assert refusal.value.retry_after_s == 12 * 3600
    clock.advance(timedelta(hours=12).total_seconds())
    assert recognizer.recognize([crop()])[0].characters


def test_no_money_no_call(service: Gemini, options: LlmOptions) -> None:
    with pytest.raises(BudgetError):
        make(options, daily_cost=0).recognize([crop()])
    assert service.calls == []


def test_a_ledger_that_can_not_be_written_is_named(options: LlmOptions, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("this is no database, whatever its name says" * 50)
    with pytest.raises(ModelFileError, match=r"ledger\.db"):
        make(options, ledger=tmp_path / "ledger.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_not_be_written_is_named(options: LlmOptions, tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(ModelFileError, match="writable"):
        make(options, ledger=tmp_path / "new" / "ledger.db")
