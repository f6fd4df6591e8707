"""Bodies of `/api/v1/watchlists`, `/api/v1/matches` and the `watchlist.matched` event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from platewatch.db.base import MAX_ID
from platewatch.db.tables import WatchlistMatchRow, WatchlistRow
from platewatch.errors import PlateTextError
from platewatch.fields import NO_CONTROLS, Instant
from platewatch.plates.fields import RegionCode, SearchedPlate, WrittenPlate
from platewatch.plates.matching import is_pattern, pattern_key
from platewatch.plates.text import MAX_WRITTEN, WILDCARDS, as_written
from platewatch.watchlists.matching import Entry, ListKind, Match
from platewatch.watchlists.number_text import refuse_number_text
from platewatch.watchlists.schedule import MAX_TEXT, parse_schedule, write_schedule
from platewatch.watchlists.variants import MAX_TOLERANCE, SPARE_CHARACTERS

MAX_PAGE = 200
MAX_PLATE = 32
MAX_LOCATIONS = 100
MAX_TAGS = 20
_SCHEDULE_EXAMPLE = "mon-fri 08:00-18:00; sat 22:00-04:00"

_FIRST_MOMENT = datetime(1, 1, 3, tzinfo=UTC)
_LAST_MOMENT = datetime(9999, 12, 29, tzinfo=UTC)

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150, pattern=NO_CONTROLS)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=150, pattern=NO_CONTROLS)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20, pattern=r"^[^\x00-\x1f\x7f,;]+$"),
]


def _plate(text: str) -> str:
    refuse_number_text(text)
    try:
        key = pattern_key(text)
    except PlateTextError as error:
        raise ValueError(str(error)) from error
    if not key.strip(WILDCARDS):
        raise ValueError("a plate needs at least one letter or digit")
    if len(key) > MAX_PLATE:
        raise ValueError(f"a plate has at most {MAX_PLATE} characters")
    return as_written(text)


def _with_local_time(at: datetime) -> datetime:
    # Schedules are compared in local time, which the first and last day of the calendar don't have everywhere.
    if not _FIRST_MOMENT <= at <= _LAST_MOMENT:
        raise ValueError(f"give a time between {_FIRST_MOMENT.isoformat()} and {_LAST_MOMENT.isoformat()}")
    return at


def _schedule(text: str) -> str:
    written = write_schedule(parse_schedule(text))
    if len(written) > MAX_TEXT:
        raise ValueError(f"a schedule has at most {MAX_TEXT} characters")
    return written


Plate = Annotated[str, Field(max_length=MAX_WRITTEN, examples=["AB12 CDE"]), AfterValidator(_plate)]
Folded = Annotated[
    bool, Field(description="the two differ in the marks of their letters: `BÖ AB 12` on the list, `BOAB12` read")
]
ScheduleText = Annotated[str, Field(max_length=MAX_TEXT, examples=[_SCHEDULE_EXAMPLE]), AfterValidator(_schedule)]


class Body(BaseModel):
    """A request body; fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


class WatchlistCreate(Body):
    name: Name = Field(examples=["residents"])
    kind: ListKind
    note: LongText | None = None
    enabled: bool = Field(default=True, description="a list that is not enabled matches nothing")


class WatchlistUpdate(Body):
    name: Name | None = None
    kind: ListKind | None = None
    note: LongText | None = None
    enabled: bool | None = None


class WatchlistRead(BaseModel):
    id: int = Field(examples=[3])
    name: str = Field(examples=["residents"])
    kind: ListKind
    note: str | None
    enabled: bool
    entries: int = Field(description="how many there are", examples=[120])
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: WatchlistRow, entries: int) -> WatchlistRead:
        return cls(
            id=row.id,
            name=row.name,
            kind=ListKind(row.kind),
            note=row.note,
            enabled=row.enabled,
            entries=entries,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class WatchlistAll(BaseModel):
    items: list[WatchlistRead]


class EntryWrite(Body):
    """The fields of an entry, the same from a form, a program and a line of a CSV file."""

    plate: Plate = Field(
        description="as it is written: separators, case and marks don't count; `?` stands for one character, `*` for "
        "any number of them"
    )
    region: RegionCode | None = Field(
        default=None, description="plates that were read as of another region don't match", examples=["gb"]
    )
    tolerance: int = Field(
        default=0, ge=0, le=MAX_TOLERANCE, description="edits by which a reading may differ; look-alikes count half"
    )
    valid_from: Instant | None = Field(default=None, description="not before; ISO 8601 with offset")
    valid_to: Instant | None = Field(default=None, description="before; ISO 8601 with offset")
    schedule: ScheduleText | None = Field(
        default=None, description="weekly hours in the location's time zone; None is always"
    )
    location_ids: Annotated[list[Id], Field(max_length=MAX_LOCATIONS)] = Field(
        default=[], description="only there; everywhere if empty"
    )
    owner: Text | None = None
    vehicle: Text | None = None
    note: LongText | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []

    @property
    def key(self) -> str:
        """The key of the plate or pattern."""
        return pattern_key(self.plate)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError("valid_to has to be later than valid_from")
        if self.tolerance and is_pattern(self.key):
            raise ValueError("a pattern with ? or * can't have a tolerance: set it to 0, or write a plate")
        if self.tolerance and len(self.key) < self.tolerance + SPARE_CHARACTERS:
            raise ValueError(
                f"a plate of {len(self.key)} characters is too short for a tolerance of {self.tolerance}: "
                "too many others would match"
            )
        return self


class EntryRead(BaseModel):
    id: int = Field(examples=[17])
    plate: str = Field(description="the key by which plates are compared", examples=["AB12CDE"])
    written: WrittenPlate
    region: str | None
    tolerance: int
    valid_from: datetime | None
    valid_to: datetime | None
    schedule: str | None = Field(examples=[_SCHEDULE_EXAMPLE])
    everywhere: bool = Field(
        description="False with no `location_ids`: its last location was deleted, it matches nowhere"
    )
    location_ids: list[int]
    owner: str | None
    vehicle: str | None
    note: str | None
    tags: list[str]

    @classmethod
    def of(cls, entry: Entry) -> EntryRead:
        return cls(
            id=entry.id,
            plate=entry.plate,
            written=entry.written,
            region=entry.region,
            tolerance=entry.tolerance,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
            schedule=write_schedule(entry.schedule) if entry.schedule else None,
            everywhere=entry.everywhere,
            location_ids=sorted(entry.location_ids),
            owner=entry.owner,
            vehicle=entry.vehicle,
            note=entry.note,
            tags=list(entry.tags),
        )


class EntryPage(BaseModel):
    items: list[EntryRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class EntryQuery(BaseModel):
    """Filters and paging of a list's entries."""

    model_config = ConfigDict(extra="forbid")

    plate: SearchedPlate | None = Field(
        default=None, description="this plate, or all that fit a pattern with `?` and `*`"
    )
    q: Text | None = Field(default=None, description="a part of plate, owner, vehicle or note")
    tag: Tag | None = None
    reason: str | None = Field(
        default=None, max_length=300, description="why plates are searched; kept in the audit log, filters nothing"
    )
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


class MatchedListRead(BaseModel):
    id: int | None = Field(description="None: deleted since")
    name: str = Field(examples=["stolen cars"])
    kind: ListKind


class MatchRead(BaseModel):
    """A sighting that fitted an entry."""

    id: int
    sighting_id: int = Field(examples=[42])
    plate: str = Field(description="as it was read", examples=["AB12CD0"])
    watchlist: MatchedListRead
    entry_id: int | None = Field(description="None: deleted since")
    entry_plate: str = Field(examples=["AB12CDO"])
    entry_written: WrittenPlate
    distance: float = Field(description="edits between the two; a look-alike counts half", examples=[0.5])
    folded: Folded
    matched_at: datetime

    @classmethod
    def of(cls, row: WatchlistMatchRow) -> MatchRead:
        return cls(
            id=row.id,
            sighting_id=row.sighting_id,
            plate=row.plate,
            watchlist=MatchedListRead(id=row.watchlist_id, name=row.watchlist_name, kind=ListKind(row.kind)),
            entry_id=row.entry_id,
            entry_plate=row.entry_plate,
            entry_written=row.entry_written,
            distance=row.distance,
            folded=row.folded,
            matched_at=row.matched_at,
        )


class MatchPage(BaseModel):
    items: list[MatchRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class MatchQuery(BaseModel):
    """Filters and paging of the matches."""

    model_config = ConfigDict(extra="forbid")

    watchlist_id: Id | None = None
    sighting_id: Id | None = None
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


class FitRead(BaseModel):
    """An entry that a plate fits."""

    watchlist: MatchedListRead
    entry: EntryRead
    distance: float = Field(description="edits between the two; a look-alike counts half", examples=[0.5])
    folded: Folded

    @classmethod
    def of(cls, match: Match) -> FitRead:
        info = match.watchlist
        return cls(
            watchlist=MatchedListRead(id=info.id, name=info.name, kind=info.kind),
            entry=EntryRead.of(match.entry),
            distance=match.distance,
            folded=match.folded,
        )


class MatchedEvent(BaseModel):
    """The data of the event `watchlist.matched`."""

    sighting_id: int
    plate: str = Field(description="as it was read")
    written: WrittenPlate
    confidence: float
    is_unsure: bool
    direction: str
    camera_id: int | None
    location_id: int | None
    captured_at: datetime
    fit: FitRead


class CheckQuery(BaseModel):
    """A plate to look up."""

    model_config = ConfigDict(extra="forbid")

    plate: Annotated[SearchedPlate, Field(min_length=1)]
    location_id: Id | None = None
    region: RegionCode | None = None
    at: Annotated[Instant, AfterValidator(_with_local_time)] | None = Field(
        default=None, description="ISO 8601 with offset; now by default"
    )
    reason: str | None = Field(
        default=None, max_length=300, description="why plates are searched; kept in the audit log, filters nothing"
    )


class CheckAnswer(BaseModel):
    plate: str = Field(description="the key by which plates are compared")
    written: str = Field(description="as it was given")
    matches: list[FitRead] = Field(description="the strongest first")


class LineProblem(BaseModel):
    line: int = Field(description="line of the file; the first is 1", examples=[7])
    field: str = Field(examples=["tolerance"])
    message: str


class ImportAnswer(BaseModel):
    added: int = Field(description="entries that are new", examples=[120])
    skipped: int = Field(description="rows that stood in the list already, or twice in the file")
    removed: int = Field(description="entries that were replaced")
