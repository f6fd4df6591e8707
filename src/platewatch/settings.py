"""Everything that can be set, read once from the environment and `.env`.

The environment is read nowhere else. Names are `PLATEWATCH_` and the field's name; CarWatch's own names (`DB_HOST`,
`BCRYPT_ROUNDS`, `DEBUG`, ...) are honored where platewatch's are not given.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from platewatch.errors import SettingsError

Registration = Literal["approval", "open", "closed"]


def _default_data_folder() -> Path:
    """`./data` in a checkout, the platform's folder for user data elsewhere."""
    if Path("pyproject.toml").is_file() and Path("src/platewatch").is_dir():
        return Path("data")
    return user_data_path("platewatch", appauthor=False)


def _also(name: str, seed_name: str) -> AliasChoices:
    return AliasChoices(f"PLATEWATCH_{name}", seed_name)


class Settings(BaseSettings):
    """One object, built once and passed down."""

    model_config = SettingsConfigDict(
        env_prefix="PLATEWATCH_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data: Path = Field(default_factory=_default_data_folder)
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses, separated by commas, whose X-Forwarded-For is believed.",
    )

    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL; without it DB_NAME decides, without that SQLite in the data folder.",
    )
    db_host: str = Field(default="localhost", validation_alias=_also("DB_HOST", "DB_HOST"))
    db_user: str = Field(default="root", validation_alias=_also("DB_USER", "DB_USER"))
    db_password: str = Field(default="", validation_alias=_also("DB_PASSWORD", "DB_PASSWORD"), repr=False)
    db_name: str | None = Field(default=None, validation_alias=_also("DB_NAME", "DB_NAME"))
    db_port: int = Field(default=3306, ge=1, le=65535, validation_alias=_also("DB_PORT", "DB_PORT"))
    media: Literal["filesystem", "database"] = "filesystem"

    detector: str = "rapidocr"
    recognizer: str = "rapidocr"
    detector_model: Path | None = Field(default=None, description="A user's own ONNX export for the detector.")
    recognizer_model: Path | None = Field(
        default=None,
        description="Folder of a model for the recognizer `platewatch`; without it the built-in one.",
    )
    detector_layout: Literal["auto", "v5", "v8", "nms-free"] = "auto"
    provider: Literal["auto", "cpu", "cuda", "openvino", "tensorrt"] = "auto"
    min_confidence: float = Field(default=0.3, ge=0, le=1, description="Plates below this are not reported.")
    readers: int = Field(default=1, ge=1, le=64, description="How many images are read at the same time.")
    reader_threads: int = Field(default=2, ge=1, le=64, description="Processor threads of each reader.")
    waiting_line: int = Field(default=16, ge=0, le=32, description="Images that may wait for a reader.")

    max_image_mb: int = Field(default=16, ge=1, le=256)
    max_image_megapixels: int = Field(default=50, ge=1, le=512)
    max_images_per_request: int = Field(default=16, ge=1, le=256)

    registration: Registration = "approval"
    session_hours: int = Field(default=24 * 7, ge=1, le=24 * 365)
    bcrypt_rounds: int = Field(default=12, ge=4, le=16, validation_alias=_also("BCRYPT_ROUNDS", "BCRYPT_ROUNDS"))
    idempotency_hours: int = Field(default=24, ge=1, le=24 * 30)

    debug: bool = Field(default=False, validation_alias=_also("DEBUG", "DEBUG"))
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    logs: Path | None = Field(default=None, description="Folder of the log files; `logs` in the data folder.")

    event_poll_ms: int = Field(default=250, ge=10, le=60_000)
    max_live_clients: int = Field(default=200, ge=1, le=100_000)
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Other sites, separated by commas, whose pages may call with the log-in cookie.",
    )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @property
    def effective_database_url(self) -> str:
        if self.database_url:
            return self.database_url
        if self.db_name:
            account = f"{quote(self.db_user, safe='')}:{quote(self.db_password, safe='')}"
            return f"mysql://{account}@{self.db_host}:{self.db_port}/{quote(self.db_name, safe='')}"
        return f"sqlite:///{(self.data / 'platewatch.db').resolve()}"

    @property
    def log_folder(self) -> Path:
        return self.logs or self.data / "logs"

    @property
    def effective_log_level(self) -> str:
        return "debug" if self.debug else self.log_level

    @property
    def max_image_bytes(self) -> int:
        return self.max_image_mb * 1024 * 1024

    @property
    def max_image_pixels(self) -> int:
        return self.max_image_megapixels * 1_000_000

    @property
    def listens_on_loopback(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether the host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def load_settings() -> Settings:
    """Settings from the environment and `.env`.

    Raises:
        SettingsError: a value can't be used; the message names each one.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"PLATEWATCH_{str(problem['loc'][0]).upper().removeprefix('PLATEWATCH_')}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        ]
        raise SettingsError("Some settings can't be used:\n  " + "\n  ".join(lines)) from error
