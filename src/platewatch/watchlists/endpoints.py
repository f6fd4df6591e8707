"""`/api/v1/watchlists` and `/api/v1/matches`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, File, Path, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from platewatch.audit.service import AuditAction, Details
from platewatch.db.base import MAX_ID
from platewatch.db.paging import EXPORT_PAGE, all_pages
from platewatch.errors import FieldError
from platewatch.plates.text import as_written, plate_key
from platewatch.watchlists.csv_columns import COLUMNS, Heading
from platewatch.watchlists.csv_dates import DateFormat
from platewatch.watchlists.csv_encoding import Encoding
from platewatch.watchlists.csv_files import CsvForm, export_rows, read_lines
from platewatch.watchlists.import_records import ImportRecord, ListImportRepository, SentFile
from platewatch.watchlists.import_schemas import (
    ImportMode,
    ListImportDetail,
    ListImportPage,
    ListImportQuery,
    ListImportRead,
)
from platewatch.watchlists.imports import ListImport
from platewatch.watchlists.matching import Entry
from platewatch.watchlists.schemas import (
    CheckAnswer,
    CheckQuery,
    EntryPage,
    EntryQuery,
    EntryRead,
    EntryWrite,
    FitRead,
    ImportAnswer,
    MatchPage,
    MatchQuery,
    MatchRead,
    WatchlistAll,
    WatchlistCreate,
    WatchlistRead,
    WatchlistUpdate,
)
from platewatch.watchlists.service import WatchlistService
from platewatch.watchlists.sweeping import SweepJob
from platewatch.web.dependencies import (
    CSV_ANSWER,
    KNOWN_QUERY,
    OPENAPI_SECURITY,
    ActorDep,
    Manager,
    PlateSearchDep,
    Reader,
    ReadingSession,
    ReasonQuery,
    StateDep,
    csv_download,
    describe_filters,
)

router = APIRouter(prefix="/api/v1", tags=["watchlists"], dependencies=OPENAPI_SECURITY)

WatchlistId = Annotated[int, Path(ge=1, le=MAX_ID)]
EntryId = Annotated[int, Path(ge=1, le=MAX_ID)]
ImportId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.get("/watchlists")
def read_watchlists(state: StateDep, session: ReadingSession, _reader: Reader) -> WatchlistAll:
    """List all watchlists by name."""
    pairs = WatchlistService(session, state.clock).lists()
    return WatchlistAll(items=[WatchlistRead.of(row, entries) for row, entries in pairs])


@router.post("/watchlists", status_code=HTTPStatus.CREATED)
def create_watchlist(body: WatchlistCreate, state: StateDep, actor: ActorDep, _manager: Manager) -> WatchlistRead:
    """Make a list."""
    with state.database.transaction() as session:
        return WatchlistRead.of(WatchlistService(session, state.clock).create(body, actor), 0)


@router.get("/watchlists/check")
def check_plate(
    query: Annotated[CheckQuery, Query()],
    state: StateDep,
    session: ReadingSession,
    _reader: Reader,
    search: PlateSearchDep,
) -> CheckAnswer:
    """Tell what a plate would match; no sighting is recorded."""
    search.note_plate("watchlists", query.plate, query, query.reason)
    plate, written = plate_key(query.plate), as_written(query.plate)
    found = WatchlistService(session, state.clock).match(
        plate,
        at=query.at or state.clock.now(),
        location_id=query.location_id,
        region=query.region,
        written=written,
    )
    return CheckAnswer(plate=plate, written=written, matches=[FitRead.of(match) for match in found])


@router.get("/watchlists/imports")
def read_imports(
    query: Annotated[ListImportQuery, Query()], state: StateDep, session: ReadingSession, _manager: Manager
) -> ListImportPage:
    """List imports of files into lists, newest first, also those whose sender did not wait for the answer."""
    page, now = ListImportRepository(session).page(query), state.clock.now()
    return ListImportPage(items=[ListImportRead.of(row, now) for row in page.items], next_cursor=page.next_cursor)


@router.get("/watchlists/imports/{import_id}")
def read_import(import_id: ImportId, state: StateDep, session: ReadingSession, _manager: Manager) -> ListImportDetail:
    """Give one import of a file into a list, with the lines that it refused."""
    return ListImportDetail.of(ListImportRepository(session).get_or_raise(import_id), state.clock.now())


@router.get("/watchlists/{watchlist_id}")
def read_watchlist(
    watchlist_id: WatchlistId, state: StateDep, session: ReadingSession, _reader: Reader
) -> WatchlistRead:
    """Give one list."""
    return WatchlistRead.of(*WatchlistService(session, state.clock).get_or_raise(watchlist_id))


@router.patch("/watchlists/{watchlist_id}")
def update_watchlist(
    watchlist_id: WatchlistId, body: WatchlistUpdate, state: StateDep, actor: ActorDep, _manager: Manager
) -> WatchlistRead:
    """Change a list's name, kind or note, or let it rest."""
    with state.database.transaction() as session:
        service = WatchlistService(session, state.clock)
        service.update(watchlist_id, body, actor)
        return WatchlistRead.of(*service.get_or_raise(watchlist_id))


@router.delete("/watchlists/{watchlist_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_watchlist(watchlist_id: WatchlistId, state: StateDep, actor: ActorDep, _manager: Manager) -> None:
    """Delete a list with all its entries. Matches that were published stay."""
    with state.database.transaction() as session:
        WatchlistService(session, state.clock).delete(watchlist_id, actor)
    state.part(SweepJob).wake()


@router.get("/watchlists/{watchlist_id}/entries")
def read_entries(
    watchlist_id: WatchlistId,
    query: Annotated[EntryQuery, Query()],
    state: StateDep,
    session: ReadingSession,
    _reader: Reader,
    search: PlateSearchDep,
) -> EntryPage:
    """List the entries, newest first."""
    is_new = query.cursor is None
    if query.plate is not None:
        search.note_plate(f"watchlist {watchlist_id}", query.plate, query, query.reason, is_new=is_new)
    elif query.q is not None and is_new:
        # A part of a plate is one as well as a part of its owner's name.
        search.note_choice(f"watchlist {watchlist_id}", describe_filters(query), query.reason)
    elif query.q is not None:
        search.why(query.reason)
    service = WatchlistService(session, state.clock)
    page = service.entries_page(watchlist_id, query)
    entries = [EntryRead.of(entry) for entry in service.with_locations(page.items)]
    return EntryPage(items=entries, next_cursor=page.next_cursor)


@router.post("/watchlists/{watchlist_id}/entries", status_code=HTTPStatus.CREATED)
def create_entry(
    watchlist_id: WatchlistId, body: EntryWrite, state: StateDep, actor: ActorDep, _manager: Manager
) -> EntryRead:
    """Add a plate or a pattern."""
    return state.database.transact(
        lambda session: EntryRead.of(
            WatchlistService(session, state.clock).add_entry(watchlist_id, body, actor),
        )
    )


@router.get("/watchlists/{watchlist_id}/entries/{entry_id}")
def read_entry(
    watchlist_id: WatchlistId, entry_id: EntryId, state: StateDep, session: ReadingSession, _reader: Reader
) -> EntryRead:
    """Give one entry."""
    return EntryRead.of(WatchlistService(session, state.clock).entry_or_raise(watchlist_id, entry_id))


@router.put("/watchlists/{watchlist_id}/entries/{entry_id}")
def replace_entry(
    watchlist_id: WatchlistId,
    entry_id: EntryId,
    body: EntryWrite,
    state: StateDep,
    actor: ActorDep,
    _manager: Manager,
) -> EntryRead:
    """Replace an entry with all its fields."""
    return state.database.transact(
        lambda session: EntryRead.of(
            WatchlistService(session, state.clock).replace_entry(watchlist_id, entry_id, body, actor),
        )
    )


@router.delete("/watchlists/{watchlist_id}/entries/{entry_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_entry(
    watchlist_id: WatchlistId, entry_id: EntryId, state: StateDep, actor: ActorDep, _manager: Manager
) -> None:
    """Take one entry off the list."""
    state.database.transact(
        lambda session: WatchlistService(session, state.clock).delete_entry(watchlist_id, entry_id, actor)
    )


async def refuse_other_fields(request: Request) -> None:
    """Do nothing if the form has the file alone.

    Raises:
        FieldError: it has a field that would mean nothing; a `mode` there would not replace the list.
    """
    others = sorted({name for name in await request.form() if name != "file"})
    if others:
        raise FieldError(
            others[0],
            f"The form field {others[0]!r} is not known. Send the file alone, and `mode`, `header`, `encoding` and "
            "`date_format` in the address: `.../import?mode=replace`.",
        )


def get_csv_form(
    header: Annotated[
        Heading, Query(description="whether the first line is a heading; needed for one column without a digit in it")
    ] = Heading.AUTO,
    encoding: Annotated[Encoding, Query(description="UTF-8, UTF-16 and Windows-1252 are recognized")] = Encoding.AUTO,
    date_format: Annotated[
        DateFormat | None,
        Query(
            description="how days are written that have no offset. `valid_from` begins with the day, `valid_to` ends "
            "with it, in the time zone of the entry's locations or the server"
        ),
    ] = None,
) -> CsvForm:
    return CsvForm(header, encoding, date_format)


@router.post("/watchlists/{watchlist_id}/import", dependencies=[KNOWN_QUERY, Depends(refuse_other_fields)])
def import_entries(
    watchlist_id: WatchlistId,
    file: Annotated[UploadFile, File(description="CSV, as the export or a spreadsheet writes it, or one plate a line")],
    state: StateDep,
    actor: ActorDep,
    _manager: Manager,
    form: Annotated[CsvForm, Depends(get_csv_form)],
    mode: ImportMode = ImportMode.ADD,
) -> ImportAnswer:
    """Add the rows of a CSV file, or put them in the place of the whole list. One bad row and nothing is changed."""
    with state.database.reading() as session:
        places = WatchlistService(session, state.clock).places()
    sent = SentFile(watchlist_id, mode, file.filename or "list.csv")
    record = ImportRecord.begin(state.database, state.clock, sent, actor)
    lists = ListImport(state.database, state.clock, record)
    try:
        lines = read_lines(file.file, places, form)
        if mode is ImportMode.ADD:
            return lists.add(watchlist_id, lines, actor)
        return lists.replace(watchlist_id, lines, actor)
    except Exception as error:
        record.fail(error)
        raise
    finally:
        if mode is ImportMode.REPLACE:
            state.part(SweepJob).wake()


@router.get("/watchlists/{watchlist_id}/export", response_class=StreamingResponse, responses=CSV_ANSWER)
def export_entries(
    watchlist_id: WatchlistId,
    state: StateDep,
    actor: ActorDep,
    _manager: Manager,
    search: PlateSearchDep,
    reason: ReasonQuery = None,
) -> StreamingResponse:
    """Give the whole list as CSV, which can be imported again."""
    why = search.why(reason)
    with state.database.reading() as session:
        service = WatchlistService(session, state.clock)
        row, entries = service.get_or_raise(watchlist_id)
        names = {identity: name for name, identity in service.places().ids.items()}
    details: Details = {"name": row.name, "entries": entries, "reason": why}
    state.note(AuditAction.WATCHLIST_EXPORTED, actor, f"watchlist {watchlist_id}", details)

    batches: list[int] = []

    def page(session: Session, cursor: str | None) -> tuple[list[Entry], str | None]:
        service = WatchlistService(session, state.clock)
        if cursor is None:
            batches.append(service.batch_id(watchlist_id))
        return service.oldest_entries(watchlist_id, batches[0], cursor, EXPORT_PAGE)

    rows = export_rows(all_pages(state.database, page), names)
    return csv_download(f"watchlist-{watchlist_id}.csv", COLUMNS, rows)


@router.get("/matches")
def read_matches(
    query: Annotated[MatchQuery, Query()], state: StateDep, session: ReadingSession, _reader: Reader
) -> MatchPage:
    """List the sightings that fitted an entry, newest first."""
    page = WatchlistService(session, state.clock).matches_page(query)
    return MatchPage(items=[MatchRead.of(row) for row in page.items], next_cursor=page.next_cursor)
