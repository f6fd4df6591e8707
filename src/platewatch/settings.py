"""Everything that can be set, read once from the environment and `.env`.

The environment is read nowhere else. Names are `PLATEWATCH_` and the field's name; CarWatch's own names (`DB_HOST`,
`BCRYPT_ROUNDS`, `DEBUG`, ...) are honored where platewatch's are not given.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from platformdirs import user_data_path
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from platewatch import setting_values as values
from platewatch.environment import ENCODING, Place, SettingNames, dotenv_silent, own_name, read_names
from platewatch.errors import SettingsError
from platewatch.fields import TimeZone
from platewatch.installation import checkout_folder

Registration = Literal["approval", "open", "closed"]
File = Annotated[Path, AfterValidator(values.usable_path)]
Number = Annotated[float, Field(allow_inf_nan=False)]
ENV_FILE: Final = Path(".env")
_DATABASE_FIELDS: Final = ("db_host", "db_port", "db_user", "db_password", "db_name")
_SECRET_FIELDS: Final = frozenset({"secret_key", "plate_key", "llm_key", "db_password", "database_url", "redis_url"})


def default_data_folder() -> Path:
    """`data` in the checkout that runs, wherever the command is called; else the platform's folder for user data."""
    checkout = checkout_folder()
    return user_data_folder() if checkout is None else checkout / "data"


def user_data_folder() -> Path:
    """The platform's folder for user data."""
    return user_data_path("platewatch", appauthor=False)


def _also(name: str, seed_name: str) -> AliasChoices:
    return AliasChoices(f"PLATEWATCH_{name}", seed_name)


class Settings(BaseSettings):
    """One object, built once and passed down."""

    model_config = SettingsConfigDict(
        env_prefix="PLATEWATCH_",
        env_file=ENV_FILE,
        env_file_encoding=ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )
    _places: dict[str, Place] = PrivateAttr(default_factory=dict)
    """Where the fields were set, as far as that is known."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data: Annotated[Path, AfterValidator(values.absolute_path)] = Field(default_factory=default_data_folder)
    trusted_proxies: Annotated[str, AfterValidator(values.proxy_addresses)] = Field(
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
    detector_model: File | None = Field(default=None, description="A user's own ONNX export for the detector.")
    recognizer_model: File | None = Field(
        default=None,
        description="Folder of a model for the recognizer `platewatch`; without it the built-in one.",
    )
    char_yolo_model: File | None = Field(
        default=None, description="A YOLO export whose classes are characters, for the recognizer `char-yolo`."
    )
    easyocr_folder: File | None = Field(
        default=None, description="Folder with the weights for the recognizer `easyocr`; nothing is downloaded."
    )
    easyocr_network: str = Field(default="english_g2", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    ensemble: Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.split_commas)] = Field(
        default=("platewatch", "rapidocr"),
        description="Recognizers, separated by commas, that vote in the recognizer `ensemble`.",
    )
    llm: Literal["off", "on"] = Field(default="off", description="`on`: the recognizer `llm` may send crops away.")
    llm_url: Annotated[str, AfterValidator(values.service_address)] = "https://generativelanguage.googleapis.com"
    llm_model: str = Field(default="gemini-2.5-flash", pattern=r"^[A-Za-z0-9._-]{1,100}$")
    llm_key: str | None = Field(default=None, repr=False)
    llm_timeout_s: Number = Field(default=20.0, gt=0, le=300)
    llm_retries: int = Field(default=2, ge=0, le=10)
    llm_daily_cost: Number = Field(
        default=1.0, ge=0, description="What its calls may cost in a day (UTC), in the currency of the prices."
    )
    llm_input_price: Number = Field(default=0.30, ge=0, description="Of a million input tokens.")
    llm_output_price: Number = Field(default=2.50, ge=0, description="Of a million output tokens.")
    detector_layout: Literal["auto", "v5", "v8", "nms-free"] = "auto"
    detector_class: str | None = Field(
        default=None,
        max_length=1000,
        description="Classes of a YOLO export that are plates: names or numbers, separated by commas, or `all`.",
    )
    provider: Literal["auto", "cpu", "cuda", "openvino", "tensorrt"] = "auto"
    min_confidence: float = Field(default=0.1, ge=0, le=1, description="Plates below this are not reported.")
    unsure_below: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Readings below this are marked unsure, and open no visit and no gate; 0: none.",
    )
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

    secret_key: Annotated[str | None, AfterValidator(values.server_keys)] = Field(
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
    redis_url: Annotated[str | None, AfterValidator(values.redis_address)] = Field(
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
    known_photo_hours: int = Field(
        default=24,
        ge=0,
        le=24 * 366,
        description="How long the same photo, of which nobody states the time, is taken for the same pass; 0: never.",
    )
    idempotency_hours: int = Field(default=24, ge=1, le=24 * 30)
    overstay_check_s: int = Field(
        default=60, ge=1, le=3600, description="How often vehicles that stay too long are looked for."
    )

    import_folders: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(values.split_folders)] = Field(
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
    time_zone: TimeZone | None = Field(
        default=None,
        description="The server's zone (IANA name) for what has none of its own; without it the one chosen at set-up.",
    )
    unlisted_plates: Literal["text", "pseudonym"] = Field(
        default="text",
        description="How plates are stored that no watchlist names; pseudonyms can only be searched exactly.",
    )
    plate_key: Annotated[str | None, AfterValidator(values.require_strong_key)] = Field(
        default=None,
        repr=False,
        description="Key of the pseudonyms; without it `plate-key` in the data folder.",
    )

    health_style: Literal["platewatch", "carwatch"] = Field(
        default="platewatch", description="`carwatch`: `/health` and `/` answer word for word as CarWatch's document."
    )
    carwatch_location: Annotated[str | None, AfterValidator(values.place_name)] = Field(
        default="main site",
        max_length=150,
        description="Where uploads by CarWatch's routes are, unless they say so; `none`: nowhere, so no visits.",
    )
    debug: bool = Field(default=False, validation_alias=_also("DEBUG", "DEBUG"))
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    logs: File | None = Field(default=None, description="Folder of the log files; `logs` in the data folder.")

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
    allowed_hosts: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(values.split_commas), AfterValidator(values.host_names)
    ] = Field(
        default=(),
        description="Names, separated by commas, that the server goes by (`*.example.com` for all below); empty: any.",
    )
    allowed_origins: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(values.split_commas), AfterValidator(values.browser_origins)
    ] = Field(
        default=(),
        description="Other sites, separated by commas, whose pages may call with the log-in cookie.",
    )

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

    @property
    def database_names(self) -> DatabaseNames:
        """The names of the settings that say which database is used."""
        if self.database_url or not self.db_name:
            name = self.name_of("database_url" if self.database_url else "data")
            return DatabaseNames(name, name, name, name)
        host, port, user, password, name = map(self.name_of, _DATABASE_FIELDS)
        return DatabaseNames(f"{host} and {port}", user, password, name)

    def name_of(self, field: str) -> str:
        """The setting's name as it was given: CarWatch's, or platewatch's own."""
        if field in self._places:
            return self._places[field].name
        # Beside CarWatch's names of a database's parts, the others are CarWatch's too.
        as_carwatch = field in _DATABASE_FIELDS and any(
            self._places[other].name == other.upper() for other in _DATABASE_FIELDS if other in self._places
        )
        return field.upper() if as_carwatch else own_name(field)

    def place_of(self, field: str) -> str:
        """Where the setting was given, for the beginning of a message."""
        return str(self._places.get(field) or own_name(field))

    def is_given(self, field: str) -> bool:
        """Whether the setting was given, in the environment, `.env` or by code."""
        return field in self.model_fields_set

    def shown(self) -> dict[str, str]:
        """The settings that were given, for the log; secrets are hidden."""
        return {
            field: "***" if field in _SECRET_FIELDS else str(getattr(self, field))
            for field in sorted(self.model_fields_set)
        }

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


class _SettingsWithoutFile(Settings):
    """For the rest of the faults where the file itself can't be read."""

    model_config = SettingsConfigDict(env_file=None)


@dataclass(frozen=True, slots=True)
class DatabaseNames:
    """The settings that give a database's parts: of its address, user, password and own name."""

    address: str
    user: str
    password: str
    database: str


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """Settings, what is wrong with them, and what may be; fields that can't be used have their defaults."""

    settings: Settings
    faults: tuple[str, ...]
    hints: tuple[str, ...]


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
        SettingsError: a name is misspelt or a value can't be used; the message names each one.
    """
    read = read_settings()
    require_no_faults(read.faults)
    return read.settings


def require_no_faults(faults: tuple[str, ...]) -> None:
    """Do nothing if there are none.

    Raises:
        SettingsError: with all of them, a line each.
    """
    if faults:
        raise SettingsError("Some settings can't be used:\n  " + "\n  ".join(dict.fromkeys(faults)))


def read_settings() -> ReadSettings:
    """Settings from the environment and `.env`, with everything that is wrong with names, lines and values."""
    known = SettingNames(Settings.model_fields)
    names = read_names(os.environ, ENV_FILE, known.all())
    faults = list(names.faults)
    kind = Settings if names.readable else _SettingsWithoutFile
    replaced: dict[str, Any] = {}
    with dotenv_silent():
        try:
            settings = kind()
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                field = known.field_of(str(problem["loc"][0]))
                faults.append(_fault(field, problem, known.place_of(field, names.places)))
                replaced[field] = Settings.model_fields[field].get_default(call_default_factory=True)
            settings = kind(**replaced)
    places = {field: known.place_of(field, names.places) for field in Settings.model_fields}
    settings._places = {field: place for field, place in places.items() if place}  # noqa: SLF001 -- its maker
    return ReadSettings(settings, tuple(faults), names.hints)


def _fault(field: str, problem: ErrorDetails, place: Place | None) -> str:
    """What is wrong with the field's value; the value itself only where it is no secret."""
    given = problem["input"]
    shown = f"={given}" if isinstance(given, str) and field not in _SECRET_FIELDS else ""
    message = problem["msg"].removeprefix("Value error, ")
    fault = f"{place or own_name(field)}{shown} can't be used: {message}"
    if field == "port" and str(given).startswith("tcp://"):
        fault += ". Kubernetes sets it for a service of that name: rename that, or set enableServiceLinks: false"
    return fault
