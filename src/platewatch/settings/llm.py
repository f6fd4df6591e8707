"""The recognizer `llm`, which may send crops to a service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from platewatch import setting_values as values
from platewatch.settings.group import FiniteNumber, SettingsGroup


class LlmSettings(SettingsGroup):
    """Reading by a language model.

    The recognizer [`llm`](models.md#other-engines) sends crops of plates to a service that speaks Gemini's API. It is
    off unless `PLATEWATCH_LLM` says otherwise.
    """

    llm: Literal["off", "on"] = "off"
    """`on`: the recognizer `llm` may send crops of plates to `PLATEWATCH_LLM_URL`."""

    llm_url: Annotated[str, AfterValidator(values.service_address)] = "https://generativelanguage.googleapis.com"
    """Address of the service, which speaks Gemini's API."""

    llm_model: str = Field(default="gemini-2.5-flash", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """The service's model."""

    llm_key: str | None = Field(default=None, repr=False)
    """Key of your account at the service."""

    llm_timeout_s: FiniteNumber = Field(default=20.0, gt=0, le=300)
    """Seconds for a whole call."""

    llm_retries: int = Field(default=2, ge=0, le=10)
    """Retries of a failed call."""

    llm_daily_cost: FiniteNumber = Field(default=1.0, ge=0)
    """The most that the calls of a day (UTC) may cost, in the currency of the prices."""

    llm_input_price: FiniteNumber = Field(default=0.30, ge=0)
    """Price of a million input tokens."""

    llm_output_price: FiniteNumber = Field(default=2.50, ge=0)
    """Price of a million output tokens."""
