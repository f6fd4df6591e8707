"""A vision language model over HTTP, in the form of Gemini's API, as a recognizer.

Crops leave the machine, so it does nothing until it is switched on; what a day may cost is capped.
"""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import cv2
import httpx2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from platewatch.errors import ModelFileError, RemoteModelError
from platewatch.vision.backends.spending import Spending
from platewatch.vision.image import encode_jpeg
from platewatch.vision.inference.registry import BackendOptions, LlmOptions
from platewatch.vision.types import Character, Crop, ImageBgr, Transcript

_CROPS_PER_CALL: Final = 8
_LONGEST_SIDE: Final = 512
_MAX_ANSWER_BYTES: Final = 1 << 20
_TOKENS_PER_IMAGE: Final = 258
"""Gemini's tokens for an image of at most 384 x 384; a larger image is counted in tiles, of which a crop has two."""
_TILES: Final = 2
_OUTPUT_TOKENS_PER_CROP: Final = 96
_OUTPUT_TOKENS: Final = 64
_BYTES_PER_TOKEN: Final = 3
_PER_MILLION: Final = 1e-6
_LONGEST_TEXT: Final = 32
# A language model's own confidence is no measured probability: it never counts for more than this.
_MAX_CONFIDENCE: Final = 0.95
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 8.0
_WORTH_A_RETRY: Final = frozenset({408, 429, 500, 502, 503, 504})

_PROMPT: Final = (
    "Each image is cut from a photo and may show a vehicle's license plate. Answer with a JSON array of one object "
    "for each image, in their order: `text`, the characters of the plate's number from left to right, the upper row "
    "first, in capital letters as they are printed, without country, state, slogans and seals, or an empty string if "
    "the image shows no plate that can be read; `confidence`, from 0 to 1, how sure you are that every character is "
    "right. Don't guess characters that can't be seen."
)
_SCHEMA: Final = {
    "type": "ARRAY",
    "items": {
        "type": "OBJECT",
        "properties": {"text": {"type": "STRING"}, "confidence": {"type": "NUMBER"}},
        "required": ["text", "confidence"],
    },
}


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _TextPart(_Part):
    text: str = ""
    thought: bool = False


class _Content(_Part):
    parts: tuple[_TextPart, ...] = ()


class _Candidate(_Part):
    content: _Content = _Content()
    finish_reason: str = "STOP"


class _Usage(_Part):
    prompt_token_count: Annotated[int, Field(ge=0)] = 0
    candidates_token_count: Annotated[int, Field(ge=0)] = 0
    thoughts_token_count: Annotated[int, Field(ge=0)] = 0


class _Answer(_Part):
    """The used fields of an answer of `generateContent`."""

    candidates: Annotated[tuple[_Candidate, ...], Field(min_length=1)]
    usage_metadata: _Usage | None = None


class _Plate(BaseModel):
    text: Annotated[str, Field(max_length=200)]
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


_PLATES: Final = TypeAdapter(list[_Plate])


class _Again(Exception):  # noqa: N818 (it is caught right here)
    """This call failed, but another one may not; `after_s` is what the server asks to wait."""

    def __init__(self, what: str, after_s: float = 0.0) -> None:
        super().__init__(what)
        self.after_s = after_s


class LlmRecognizer:
    """Asks a language model what it reads, up to 8 crops a call.

    Raises:
        ModelFileError: It is not switched on, or no key is set.
    """

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if it is switched on and has a key; the service is not asked.

        Raises:
            ModelFileError: it is off, or has none.
        """
        if not options.llm.enabled:
            raise ModelFileError(
                "The recognizer 'llm' sends pictures of plates to another machine, so it is switched off. "
                f"If that may be, set PLATEWATCH_LLM=on; they will go to {options.llm.url}.",
            )
        if not options.llm.key:
            raise ModelFileError("The recognizer 'llm' needs the key of your account. Set PLATEWATCH_LLM_KEY.")

    def __init__(self, options: BackendOptions) -> None:
        self.require_ready(options)
        self._options = options.llm
        self._spending = Spending(self._options.ledger, self._options.daily_cost, self._options.now)
        self._client = httpx2.Client(
            base_url=self._options.url,
            headers={"x-goog-api-key": self._options.key or ""},
            timeout=self._options.timeout_s,
            follow_redirects=False,
        )

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order.

        Raises:
            RemoteModelError: The service does not answer in time, refuses, or answers with something else than asked.
            BudgetError: The call would exceed what the day may cost.
        """
        transcripts: list[Transcript] = []
        for start in range(0, len(crops), _CROPS_PER_CALL):
            transcripts += self._read(crops[start : start + _CROPS_PER_CALL])
        return transcripts

    def pre_process(self, crops: Sequence[Crop]) -> bytes:
        """The body of the call."""
        pictures = [base64.b64encode(encode_jpeg(_small(crop.image_bgr))).decode() for crop in crops]
        parts: list[object] = [{"inlineData": {"mimeType": "image/jpeg", "data": picture}} for picture in pictures]
        body = {
            "contents": [{"role": "user", "parts": [*parts, {"text": _PROMPT}]}],
            "generationConfig": {
                "temperature": 0,
                "maxOutputTokens": _output_tokens(len(crops)),
                "responseMimeType": "application/json",
                "responseSchema": _SCHEMA,
                "thinkingConfig": {"thinkingBudget": 0},
            },
        }
        return json.dumps(body).encode()

    def post_process(self, answer: bytes, count: int) -> list[Transcript]:
        """The transcripts of `count` crops."""
        try:
            candidate = _Answer.model_validate_json(answer).candidates[0]
            text = "".join(part.text for part in candidate.content.parts if not part.thought)
            plates = _PLATES.validate_json(text)
        except ValidationError as error:
            raise _Again("answered with something else than the JSON that was asked for") from error
        if len(plates) != count:
            raise _Again(f"answered for {len(plates)} images instead of {count}")
        return [_transcript(plate) for plate in plates]

    def warm_up(self) -> None:
        """Nothing: a call would cost."""

    def _read(self, crops: Sequence[Crop]) -> list[Transcript]:
        body = self.pre_process(crops)
        waits_s = _waits(self._options.retries)
        while True:
            try:
                return self.post_process(self._paid_call(body, len(crops)), len(crops))
            except _Again as failure:
                wait_s = next(waits_s, None)
                if wait_s is None:
                    raise self._error(str(failure)) from failure
                if failure.after_s > LONGEST_WAIT_S:
                    raise self._error(f"{failure} It asks to wait {failure.after_s:.0f} s") from failure
                time.sleep(max(wait_s, failure.after_s))

    def _paid_call(self, body: bytes, count: int) -> bytes:
        """The answer; what it cost is counted, and at most what it may cost where the answer doesn't say."""
        most = _cost(self._options, _TILES * _TOKENS_PER_IMAGE * count + _prompt_tokens(), _output_tokens(count))
        day = self._spending.reserve(most)
        cost = most
        try:
            answer = self.forward(body)
            cost = _reported_cost(self._options, answer, most)
        except (_RefusedError, RemoteModelError):
            cost = 0.0
            raise
        finally:
            self._spending.settle(day, most, cost)
        return answer

    def forward(self, body: bytes) -> bytes:
        """The service's answer to one call."""
        path = f"/v1beta/models/{self._options.model}:generateContent"
        deadline_s = time.monotonic() + self._options.timeout_s
        headers = {"Content-Type": "application/json"}
        try:
            with self._client.stream("POST", path, content=body, headers=headers) as answer:
                content = b"".join(_within(answer, deadline_s))
                if answer.is_success:
                    return content
                problem = f"answered {answer.status_code}: {_reason(content)}"
                if answer.status_code in _WORTH_A_RETRY:
                    raise _RefusedError(problem, _retry_after_s(answer))
                raise self._error(problem)
        except httpx2.TimeoutException as error:
            raise _Again(f"did not answer within {self._options.timeout_s:g} s") from error
        except httpx2.HTTPError as error:
            raise _Again(f"can't be reached: {error}") from error

    def _error(self, problem: str) -> RemoteModelError:
        return RemoteModelError(
            f"The model {self._options.model!r} at {self._options.url} {problem}. "
            "Try again later, check the settings PLATEWATCH_LLM_..., or choose another recognizer.",
        )


class _RefusedError(_Again):
    """The service did nothing, so it costs nothing."""


def _small(crop_bgr: ImageBgr) -> ImageBgr:
    scale = _LONGEST_SIDE / max(crop_bgr.shape[:2])
    if scale >= 1:
        return crop_bgr
    size = (max(1, round(crop_bgr.shape[1] * scale)), max(1, round(crop_bgr.shape[0] * scale)))
    return np.asarray(cv2.resize(crop_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _transcript(plate: _Plate) -> Transcript:
    confidence = min(_MAX_CONFIDENCE, plate.confidence)
    return Transcript(tuple(Character(sign, confidence) for sign in plate.text.strip()[:_LONGEST_TEXT]))


def _within(answer: httpx2.Response, deadline_s: float) -> Iterator[bytes]:
    """The content; a server that sends a byte now and then is slow too."""
    size = 0
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > _MAX_ANSWER_BYTES:
            raise _Again(f"answered with more than {_MAX_ANSWER_BYTES} bytes")
        if time.monotonic() > deadline_s:
            raise httpx2.ReadTimeout("the whole answer took too long")
        yield chunk


def _waits(retries: int) -> Iterator[float]:
    """The pauses before each retry, in seconds: growing, with jitter."""
    for number in range(retries):
        yield min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**number) * random.uniform(0.5, 1)  # noqa: S311 (no secret)


def _retry_after_s(answer: httpx2.Response) -> float:
    seconds = answer.headers.get("Retry-After", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() else 0.0


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"]["message"])[:200]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "no reason given"


def _output_tokens(crops: int) -> int:
    return _OUTPUT_TOKENS + _OUTPUT_TOKENS_PER_CROP * crops


def _prompt_tokens() -> int:
    return (len(_PROMPT) + len(json.dumps(_SCHEMA))) // _BYTES_PER_TOKEN


def _cost(options: LlmOptions, input_tokens: int, output_tokens: int) -> float:
    return (options.input_price * input_tokens + options.output_price * output_tokens) * _PER_MILLION


def _reported_cost(options: LlmOptions, answer: bytes, otherwise: float) -> float:
    try:
        usage = _Answer.model_validate_json(answer).usage_metadata
    except ValidationError:
        return otherwise
    if usage is None:
        return otherwise
    return _cost(options, usage.prompt_token_count, usage.candidates_token_count + usage.thoughts_token_count)
