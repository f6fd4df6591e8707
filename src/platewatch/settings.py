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

    detector: str = "platewatch"
    recognizer: str = "platewatch"
    profile: Literal["fast", "balanced", "thorough"] = Field(
        default="balanced", description="How closely the detector `platewatch` looks for small plates."
    )
    detector_model: Path | None = Field(default=None, description="A user's own ONNX export for the detector.")
    recognizer_model: Path | None = Field(
        default=None,
        description="Folder of a model for the recognizer `platewatch`; without it the built-in one.",
    )
    char_yolo_model: Path | None = Field(
        default=None, description="A YOLO export whose classes are characters, for the recognizer `char-yolo`."
    )
    easyocr_folder: Path | None = Field(
        default=None, description="Folder with the weights for the recognizer `easyocr`; nothing is downloaded."
    )
    easyocr_network: str = Field(default="english_g2", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    ensemble: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("platewatch", "rapidocr"),
        description="Recognizers, separated by commas, that vote in the recognizer `ensemble`.",
    )
    llm: Literal["off", "on"] = Field(default="off", description="`on`: the recognizer `llm` may send crops away.")
    llm_url: str = Field(default="https://generativelanguage.googleapis.com", pattern=r"^https?://[^\s@]+$")
    llm_model: str = Field(default="gemini-2.5-flash", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    llm_key: str | None = Field(default=None, repr=False)
    llm_timeout_s: float = Field(default=20.0, gt=0, le=300)
    llm_retries: int = Field(default=2, ge=0, le=10)
    llm_daily_cost: float = Field(
        default=1.0, ge=0, description="What its calls may cost in a day (UTC), in the currency of the prices."
    )
    llm_input_price: float = Field(default=0.30, ge=0, description="Of a million input tokens.")
    llm_output_price: float = Field(default=2.50, ge=0, description="Of a million output tokens.")
    detector_layout: Literal["auto", "v5", "v8", "nms-free"] = "auto"
    detector_class: str | None = Field(
        default=None,
        max_length=1000,
        description="Classes of a YOLO export that are plates: names or numbers, separated by commas, or `all`.",
    )
    provider: Literal["auto", "cpu", "cuda", "openvino", "tensorrt"] = "auto"
    min_confidence: float = Field(default=0.1, ge=0, le=1, description="Plates below this are not reported.")
    readers: int = Field(default=2, ge=1, le=64, description="How many images are read at the same time.")
    reader_threads: int = Field(default=1, ge=1, le=64, description="Processor threads of each reader.")
    waiting_line: int = Field(default=16, ge=0, le=32, description="Images that may wait for a reader.")

    max_image_mb: int = Field(default=16, ge=1, le=256)
    max_image_megapixels: int = Field(default=50, ge=1, le=512)
    max_images_per_request: int = Field(default=16, ge=1, le=256)
    max_request_megapixels: int = Field(
        default=200, ge=1, le=100_000, description="Megapixels of all photos in one request together."
    )
    max_decoding_megapixels: int = Field(
        default=50,
        ge=1,
        le=100_000,
        description="Megapixels of the photos that each process has in memory at a time; more wait or get 503.",
    )

    secret_key: str | None = Field(
        default=None,
        repr=False,
        validation_alias=_also("SECRET_KEY", "SECRET_KEY"),
        description="Keys, with commas between them: the first seals secrets in the database, all open them; "
        "without any `secret-key` in the data folder.",
    )
    auth: Literal["on", "off"] = Field(default="on", description="`off`: whoever reaches the server is administrator.")
    auth_off_confirmed: bool = Field(
        default=False, description="Needed for `auth` = `off` where others than this machine reach the server."
    )
    registration: Registration = "approval"
    session_hours: int = Field(default=24 * 7, ge=1, le=24 * 365)
    bcrypt_rounds: int = Field(default=12, ge=4, le=16, validation_alias=_also("BCRYPT_ROUNDS", "BCRYPT_ROUNDS"))
    login_failures: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Failed log-ins with one account from one address within 15 minutes, before it has to wait.",
    )
    rate_limit: int = Field(
        default=6000, ge=0, le=1_000_000, description="Requests a minute of each user and API key; 0 for no limit."
    )
    rate_limit_anonymous: int = Field(
        default=600, ge=0, le=1_000_000, description="Requests a minute of each address without a log-in; 0: no limit."
    )
    redis_url: str | None = Field(
        default=None,
        repr=False,
        description="Where several processes count requests and share results; without it each does so alone.",
    )
    result_cache_mb: int = Field(
        default=16,
        ge=0,
        le=65_536,
        description="Memory for what was read from a photo, in case it comes again; 0: none.",
    )
    search_reason: Literal["optional", "required"] = Field(
        default="optional",
        description="Whether a search for plates has to say why (header X-Search-Reason); noted in the audit log.",
    )
    idempotency_hours: int = Field(default=24, ge=1, le=24 * 30)
    overstay_check_s: int = Field(
        default=60, ge=1, le=3600, description="How often vehicles that stay too long are looked for."
    )

    import_folders: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="Folders on the server, separated by commas, from which photos may be imported."
    )
    import_max_files: int = Field(default=100_000, ge=1, le=10_000_000, description="Files in one import.")
    import_max_gb: int = Field(default=20, ge=1, le=10_000, description="What an uploaded archive may unpack to.")
    privacy_interval_minutes: int = Field(
        default=60, ge=0, le=60 * 24 * 7, description="How often retention is enforced; 0: only when somebody asks."
    )
    event_days: int = Field(
        default=30, ge=1, le=3650, description="How long events are kept for listeners that were away."
    )
    max_export_rows: int = Field(default=1_000_000, ge=1, le=100_000_000, description="Sightings in one exported file.")
    unlisted_plates: Literal["text", "pseudonym"] = Field(
        default="text",
        description="How plates are stored that no watchlist names; pseudonyms can only be searched exactly.",
    )
    plate_key: str | None = Field(
        default=None,
        min_length=16,
        repr=False,
        description="Key of the pseudonyms; without it `plate-key` in the data folder.",
    )

    health_style: Literal["platewatch", "carwatch"] = Field(
        default="platewatch", description="`carwatch`: `/health` and `/` answer word for word as CarWatch's document."
    )
    carwatch_location: str | None = Field(
        default="main site",
        max_length=150,
        description="Where uploads by CarWatch's routes are, unless they say so; `none`: nowhere, so no visits.",
    )
    debug: bool = Field(default=False, validation_alias=_also("DEBUG", "DEBUG"))
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    logs: Path | None = Field(default=None, description="Folder of the log files; `logs` in the data folder.")

    max_connections: int = Field(
        default=500,
        ge=10,
        le=100_000,
        description="Connections of clients to each process; beyond it the one that is idle for longest is closed.",
    )
    header_timeout_s: float = Field(
        default=20, gt=0, le=3600, description="Seconds within which the head of a request has to come."
    )
    body_timeout_s: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="Seconds in which a body has to come on by 500 bytes each, else its connection is closed.",
    )
    send_timeout_s: float = Field(
        default=60, gt=0, le=3600, description="Seconds within which a client has to take something of its answer."
    )
    event_poll_ms: int = Field(default=250, ge=10, le=60_000)
    max_live_clients: int = Field(default=200, ge=1, le=100_000)
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Names, separated by commas, that the server goes by (`*.example.com` for all below); empty: any.",
    )
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

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("carwatch_location")
    @classmethod
    def _none_for_nowhere(cls, value: str | None) -> str | None:
        name = (value or "").strip()
        if not name.isprintable():
            raise ValueError("The name of a location has no control characters.")
        return None if name.lower() in {"", "none"} else name

    @field_validator("ensemble", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("import_folders", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part.strip()) for part in value.split(",") if part.strip())
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
    def models_folder(self) -> Path:
        """Where installed models are, each in a folder of its name."""
        return self.data / "models"

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

    def require_safe(self) -> None:
        """Do nothing if strangers can't get in without a log-in.

        Raises:
            SettingsError: they could, and nobody said that it is meant.
        """
        if self.auth == "off" and not self.listens_on_loopback and not self.auth_off_confirmed:
            raise SettingsError(
                f"PLATEWATCH_AUTH=off would let everybody in who reaches {self.host!r}. Listen on 127.0.0.1, "
                "or set PLATEWATCH_AUTH_OFF_CONFIRMED=true if that is meant."
            )


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
