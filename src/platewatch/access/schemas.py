"""Bodies of `/api/v1/access` and the events `access.decided` and `access.updated`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from platewatch.access.actuator_fields import ACTUATORS, Actuator, HttpActuator
from platewatch.access.actuator_secrets import shown_text
from platewatch.access.rules import Decision, FoldedPolicy, Policy, Reason, UnknownPolicy
from platewatch.db.base import MAX_ID
from platewatch.db.tables import AccessLogRow, GatePolicyRow, GateRow
from platewatch.fields import NO_CONTROLS, Instant
from platewatch.plates.fields import RegionCode, SearchedPlate, WrittenPlate
from platewatch.plates.text import MAX_WRITTEN
from platewatch.redaction import redact_url
from platewatch.sealing import Seal
from platewatch.vision.types import Direction

MAX_PAGE = 200
CONFIDENCE_DIGITS: Final = 4
_DEFAULTS = Policy()

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150, pattern=NO_CONTROLS)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
WhyOpened = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$")
]
PlateText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_WRITTEN)]


class Body(BaseModel):
    """A request body; fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


class GateDirection(StrEnum):
    ENTERING = "entering"
    LEAVING = "leaving"
    BOTH = "both"


class GateState(StrEnum):
    """The state of the gate that a decision was to open."""

    NONE = "none"
    """No gate: nothing was granted, or none is set up there."""
    PENDING = "pending"
    """The gate is about to be opened; if this stays, the server stopped before."""
    OPENING = "opening"
    """The call was begun; if it stays so, the server stopped meanwhile, and nobody knows whether the gate opened."""
    OPENED = "opened"
    FAILED = "failed"
    EXPIRED = "expired"
    """The gate was not opened in time, and will not be."""


class AccessSource(StrEnum):
    """The source of the request for a decision."""

    SIGHTING = "sighting"
    REQUEST = "request"
    MANUAL = "manual"
    NOTE = "note"


class PolicyWrite(Body):
    """The rules of one location; what is left out gets its default."""

    enabled: bool = Field(
        default=_DEFAULTS.enabled, description="decide on every sighting recorded there, and open the gate"
    )
    min_confidence: float = Field(
        default=_DEFAULTS.min_confidence, ge=0, le=1, description="a reading below is for review"
    )
    unknown: UnknownPolicy = Field(default=_DEFAULTS.unknown, description="for a plate that is on no list")
    folded: FoldedPolicy = Field(
        default=_DEFAULTS.folded,
        description="for a plate that fits an entry but for the marks of its letters, as BOAB12 fits `BÖ AB 12`",
    )
    free_exit: bool = Field(default=_DEFAULTS.free_exit, description="who leaves is held up by a deny list only")
    anti_passback: bool = Field(default=_DEFAULTS.anti_passback, description="who is inside can't enter again")
    check_capacity: bool = Field(
        default=_DEFAULTS.check_capacity, description="nobody enters when the location is full"
    )
    cool_down_s: int = Field(
        default=_DEFAULTS.cool_down_s,
        ge=0,
        le=86_400,
        description="the same plate is not granted again so soon; 0 is off",
    )
    arrival_s: int = Field(
        default=_DEFAULTS.arrival_s, ge=0, le=3600, description="a place is kept so long for who was granted entry"
    )
    max_age_s: int = Field(
        default=_DEFAULTS.max_age_s, ge=1, le=3600, description="sightings older than this open nothing"
    )

    def policy(self) -> Policy:
        return Policy(**self.model_dump())


class PolicyRead(PolicyWrite):
    location_id: int

    @classmethod
    def of(cls, location_id: int, policy: Policy) -> PolicyRead:
        return cls(location_id=location_id, **{name: getattr(policy, name) for name in PolicyWrite.model_fields})


class HttpActuatorRead(BaseModel):
    """The gate's actuator, with `***` in place of possible secrets."""

    kind: Literal["http"] = "http"
    url: str = Field(
        examples=["http://192.0.2.20/relay/0?turn=***"],
        description="without the values of the query, and parts of the path that look like tokens",
    )
    method: str
    headers: list[str] = Field(description="names only")
    body: str | None = Field(examples=["***"], description="`***` unless it is a plain word")
    verify_tls: bool
    timeout_s: float


class MqttActuatorRead(BaseModel):
    """The gate's actuator, with `***` in place of possible secrets, and without the password."""

    kind: Literal["mqtt"] = "mqtt"
    host: str
    port: int
    topic: str
    payload: str = Field(examples=["open"], description="`***` unless it is a plain word")
    qos: int
    username: str | None
    has_password: bool
    tls: bool
    version: str
    timeout_s: float


ShownActuator: TypeAlias = Annotated[HttpActuatorRead | MqttActuatorRead, Field(discriminator="kind")]
SHOWN_ACTUATORS: Final[TypeAdapter[HttpActuatorRead | MqttActuatorRead]] = TypeAdapter(ShownActuator)


class GateCreate(Body):
    name: Name = Field(examples=["north barrier"])
    location_id: Id
    camera_id: Id | None = Field(default=None, description="it opens for sightings of this camera only")
    direction: GateDirection = GateDirection.BOTH
    enabled: bool = True
    actuator: Actuator


class GateUpdate(Body):
    """A change of a gate; fields that are left out stay, also those of an actuator of the same kind.

    `***`, as it is shown, keeps a secret for as long as the address leads to the same server.
    """

    name: Name | None = None
    camera_id: Id | None = None
    direction: GateDirection | None = None
    enabled: bool | None = None
    actuator: Actuator | None = None


class GateRead(BaseModel):
    id: int
    name: str
    location_id: int
    camera_id: int | None
    direction: GateDirection
    enabled: bool
    actuator: ShownActuator
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: GateRow) -> GateRead:
        return cls(
            id=row.id,
            name=row.name,
            location_id=row.location_id,
            camera_id=row.camera_id,
            direction=GateDirection(row.direction),
            enabled=row.enabled,
            actuator=SHOWN_ACTUATORS.validate_python(row.actuator),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class GateAll(BaseModel):
    items: list[GateRead]


class GateOpen(Body):
    reason: WhyOpened = Field(description="why it is opened by hand; it goes into the log", examples=["fire brigade"])
    plate: PlateText = Field(default="", description="for whom, if known")


class DecideBody(Body):
    """A plate that wants to pass."""

    plate: PlateText = Field(examples=["AB12CDE"])
    location_id: Id | None = None
    direction: Direction = Direction.ENTERING
    confidence: float | None = Field(default=None, ge=0, le=1, description="of the reading, if it was read")
    region: RegionCode | None = None
    dry_run: bool = Field(
        default=False, description="only say what would be decided: nothing is logged or published, and no gate opens"
    )


class AccessMatchRead(BaseModel):
    """The entry that a decision rests on, as it was then."""

    watchlist_id: int | None = Field(description="None: deleted since")
    watchlist: str = Field(examples=["residents"])
    entry_plate: str = Field(examples=["AB12CDE"])
    entry_written: WrittenPlate
    distance: float = Field(description="edits between the two; a look-alike counts half")
    folded: bool = Field(description="the two differ in the marks of their letters")


class GateResultRead(BaseModel):
    """The outcome at the gate."""

    id: int | None = Field(description="None: no gate, or deleted since")
    name: str | None
    state: GateState
    detail: str | None = Field(examples=["answered 200"])
    at: datetime | None


class DecidedRead(BaseModel):
    """A decision and the facts that it rests on."""

    plate: str = Field(description="the key by which plates are compared", examples=["AB12CDE"])
    written: WrittenPlate
    confidence: float | None
    location_id: int | None
    direction: Direction
    decision: Decision
    reason: Reason
    source: AccessSource
    note: str | None
    match: AccessMatchRead | None
    sighting_id: int | None
    user_id: int | None
    decided_at: datetime
    gate: GateResultRead


class AccessRead(DecidedRead):
    """One decision, as it is in the log."""

    id: int = Field(examples=[91])

    @classmethod
    def of(cls, row: AccessLogRow) -> AccessRead:
        return cls(id=row.id, **_decision_fields(row))


class DecisionAnswer(DecidedRead):
    """The answer to who asks for a decision."""

    id: int | None = Field(description="of the entry in the log; None for a dry run, which has none", examples=[91])
    dry_run: bool

    @classmethod
    def of(cls, row: AccessLogRow, *, dry_run: bool) -> DecisionAnswer:
        return cls(id=None if dry_run else row.id, dry_run=dry_run, **_decision_fields(row))


class AccessPage(BaseModel):
    items: list[AccessRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class AccessFilter(BaseModel):
    """Filters of the access log."""

    model_config = ConfigDict(extra="forbid")

    plate: SearchedPlate | None = Field(
        default=None, description="this plate, or all that fit a pattern with `?` and `*`"
    )
    location_id: Id | None = None
    direction: Direction | None = None
    decision: Decision | None = None
    reason: Reason | None = None
    source: AccessSource | None = None
    gate_state: GateState | None = None
    decided_from: Instant | None = Field(default=None, description="not before; ISO 8601 with offset")
    decided_to: Instant | None = Field(default=None, description="before; ISO 8601 with offset")
    search_reason: str | None = Field(
        default=None, max_length=300, description="why plates are searched; kept in the audit log, filters nothing"
    )


class AccessQuery(AccessFilter):
    """Filters and paging of the log."""

    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


def policy_of(row: GatePolicyRow) -> Policy:
    """The row as rules."""
    fields = {name: getattr(row, name) for name in PolicyWrite.model_fields}
    return Policy(**(fields | {"unknown": UnknownPolicy(row.unknown), "folded": FoldedPolicy(row.folded)}))


def actuator_of(row: GateRow, seal: Seal) -> Actuator:
    """The gate's actuator, secrets included.

    Raises:
        SealError: it was sealed with another key.
    """
    return ACTUATORS.validate_json(seal.unseal(row.sealed_actuator))


def shown(actuator: Actuator) -> HttpActuatorRead | MqttActuatorRead:
    """The gate's actuator, without the fields that are never shown."""
    if isinstance(actuator, HttpActuator):
        fields = actuator.model_dump(exclude={"url", "headers", "body"})
        body = None if actuator.body is None else shown_text(actuator.body)
        return HttpActuatorRead(**fields, url=redact_url(actuator.url), headers=sorted(actuator.headers), body=body)
    fields = actuator.model_dump(exclude={"payload", "password"})
    payload = shown_text(actuator.payload)
    return MqttActuatorRead(**fields, payload=payload, has_password=actuator.password is not None)


def _decision_fields(row: AccessLogRow) -> dict[str, Any]:
    return {
        "plate": row.plate,
        "written": row.written,
        "confidence": None if row.confidence is None else round(row.confidence, CONFIDENCE_DIGITS),
        "location_id": row.location_id,
        "direction": Direction(row.direction),
        "decision": Decision(row.decision),
        "reason": Reason(row.reason),
        "source": AccessSource(row.source),
        "note": row.note,
        "match": _match(row),
        "sighting_id": row.sighting_id,
        "user_id": row.user_id,
        "decided_at": row.decided_at,
        "gate": GateResultRead(
            id=row.gate_id,
            name=row.gate_name,
            state=GateState(row.gate_state),
            detail=row.gate_detail,
            at=row.gate_at,
        ),
    }


def _match(row: AccessLogRow) -> AccessMatchRead | None:
    if row.watchlist_name is None or row.entry_plate is None:
        return None
    return AccessMatchRead(
        watchlist_id=row.watchlist_id,
        watchlist=row.watchlist_name,
        entry_plate=row.entry_plate,
        entry_written=row.entry_written,
        distance=row.match_distance or 0.0,
        folded=row.match_folded,
    )
