"""Dependencies of endpoints, as `Annotated` aliases.

Every `endpoints.py`, every adapter in `compat/` and `events/websocket.py` may import this module; it imports none of
them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.requests import HTTPConnection
from fastapi.responses import StreamingResponse
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from platewatch.audit.service import Actor, AuditAction, Details
from platewatch.csv_rows import Cell, csv_text
from platewatch.errors import BusyError, FieldError, RequestTooLargeError
from platewatch.plates.matching import search_key
from platewatch.reading.photos import Photo, open_upload
from platewatch.redaction import printable
from platewatch.users.principal import Principal, Scope
from platewatch.users.sessions import SESSION_COOKIE, Visitor
from platewatch.web.callers import identify, principal_of
from platewatch.web.known_fields import refuse_unknown, refuse_unknown_query
from platewatch.web.listeners import mark_as_listener
from platewatch.web.state import ServerState

MAX_REASON = 300
CSV_ANSWER: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {}}, "description": "CSV"}}
"""For the `responses` of a route that answers with `csv_download`."""
SIGHTINGS = "sightings"
"""The place of most searches; they have an action of their own in the audit log."""
_LIVE_RETRY_S = 30.0

_cookie_scheme = APIKeyCookie(name=SESSION_COOKIE, scheme_name="session cookie", auto_error=False)
_bearer_scheme = HTTPBearer(scheme_name="API key (Bearer)", auto_error=False)
_header_scheme = APIKeyHeader(name="X-API-Key", scheme_name="API key (X-API-Key)", auto_error=False)
OPENAPI_SECURITY = [Depends(_cookie_scheme), Depends(_bearer_scheme), Depends(_header_scheme)]
"""Only documents the ways to log in; `get_principal` does the work, for WebSockets too."""


def get_state(connection: HTTPConnection) -> ServerState:
    state: ServerState = connection.app.state.server
    return state


def get_reading_session(state: StateDep) -> Iterator[Session]:
    with state.database.reading() as session:
        yield session


def get_principal(connection: HTTPConnection, state: StateDep) -> Principal:
    """The caller's principal, by API key or else by session cookie.

    Raises:
        AuthenticationError: nobody, or with a key or session that does not work.
        TooManyRequestsError: somebody who asked too often.
    """
    return principal_of(connection, state)


async def open_photos(uploads: Sequence[UploadFile], state: ServerState) -> list[Photo]:
    """The uploaded photos, their headers checked. Their bytes stay in the files of the uploads until they are read.

    Raises:
        ImageError: one can't be read.
        RequestTooLargeError: they have too many pixels together.
    """
    limits, settings = state.reading.limits, state.settings
    max_megapixels = max(settings.max_request_megapixels, settings.max_image_megapixels)
    photos: list[Photo] = []
    for upload in uploads:
        opened = to_thread.run_sync(open_upload, upload.filename, upload.file, limits, limiter=state.uploads_opening)
        photos.append(await opened)
        megapixels = sum(photo.pixels for photo in photos) / 1e6
        if megapixels > max_megapixels:
            raise RequestTooLargeError(megapixels=megapixels, limit=max_megapixels)
    return photos


def csv_download(filename: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingResponse:
    """The rows as a CSV file, sent as they come."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(csv_text(header, rows), media_type="text/csv; charset=utf-8", headers=headers)


def get_visitor(connection: HTTPConnection) -> Visitor:
    address = connection.client.host if connection.client else None
    return Visitor(address, printable(connection.headers.get("user-agent", "")) or None)


def get_actor(connection: HTTPConnection, principal: PrincipalDep) -> Actor:
    """The caller and the address, for the audit log."""
    return Actor(principal.user_id, principal.username, principal.api_key_id, get_visitor(connection).address)


class PlateSearch:
    """Asks why plates are searched, where the settings require a reason, and notes it in the audit log.

    Every route that finds by plate, or whose answer picks plates by itself, declares it as `PlateSearchDep`.
    """

    def __init__(self, state: ServerState, actor: Actor, header: str | None) -> None:
        self._state = state
        self._actor = actor
        self._header = header

    def why(self, reason: str | None) -> str | None:
        """The reason, from the header or else the one of the query; None if there is none and none is required.

        Raises:
            FieldError: there is none, and the settings require it.
        """
        given = (self._header or "").strip() or (reason or "").strip()
        if not given and self._state.settings.search_reason == "required":
            raise FieldError(
                "reason",
                "Say why you search: send the header `X-Search-Reason`, or `reason` in the query (`search_reason` in "
                "the access log). It is logged.",
            )
        return given or None

    def note_plate(self, where: str, plate: str, query: BaseModel, reason: str | None, *, is_new: bool = True) -> None:
        """Note a search for a plate; the next page of a search that was noted needs its reason, but no note.

        Raises:
            FieldError: a reason is required, and there is none.
        """
        why = self.why(reason)
        if is_new:
            action = AuditAction.SIGHTINGS_SEARCHED if where == SIGHTINGS else AuditAction.PLATES_SEARCHED
            details: Details = {"in": where, "filters": describe_filters(query), "reason": why}
            self._state.note(action, self._actor, search_key(plate), details)

    def note_choice(self, where: str, filters: str, reason: str | None) -> None:
        """Note, where a reason is required or given, an answer that picks plates by itself.

        Raises:
            FieldError: a reason is required, and there is none.
        """
        why = self.why(reason)
        if why is not None:
            details: Details = {"in": where, "filters": filters, "reason": why}
            self._state.note(AuditAction.PLATES_SEARCHED, self._actor, None, details)


def get_plate_search(
    state: StateDep,
    actor: ActorDep,
    header: Annotated[str | None, Header(alias="X-Search-Reason", max_length=MAX_REASON)] = None,
) -> PlateSearch:
    return PlateSearch(state, actor, header)


def describe_filters(query: BaseModel) -> str:
    """The given filters as `name=value`, for the audit log."""
    left_out = {"reason", "search_reason", "cursor", "limit", "format"} - _filters_named_reason(query)
    given = query.model_dump(mode="json", exclude_defaults=True, exclude=left_out)
    return ", ".join(f"{name}={value}" for name, value in given.items())


def _filters_named_reason(query: BaseModel) -> set[str]:
    """`reason`, where it is a filter of the query beside the reason of the search."""
    return {"reason"} if "search_reason" in type(query).model_fields else set()


def get_recheck(connection: HTTPConnection, state: StateDep) -> Callable[[], Awaitable[object]]:
    """For streams that outlive a request: asks again who is asking."""

    async def recheck() -> Principal:
        return await run_in_threadpool(identify, connection, state)

    return recheck


def get_live_place(connection: HTTPConnection, state: StateDep) -> Iterator[None]:
    """One of the places for listeners, given back when the stream ends; when the server ends, it is cut off early.

    Raises:
        BusyError: all are taken.
    """
    if not state.live_places.acquire(blocking=False):
        raise BusyError(
            "All places for listeners are taken (PLATEWATCH_MAX_LIVE_CLIENTS).", retry_after_s=_LIVE_RETRY_S
        )
    mark_as_listener(connection.scope)
    try:
        yield
    finally:
        state.live_places.release()


class RequireScope:
    """A dependency: the caller, who must have this scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __call__(self, principal: PrincipalDep) -> Principal:
        self.check(principal)
        return principal

    def check(self, principal: Principal) -> None:
        """Do nothing if the caller has it.

        Raises:
            ForbiddenError: the caller does not.
        """
        principal.require(self._scope)


def _require(scope: Scope) -> Any:
    return Depends(RequireScope(scope))


def get_key_owner(principal: PrincipalDep) -> Principal:
    """The principal, who may handle their own API keys: a user, or a key with the scope `manage`.

    A lesser key that leaked could otherwise make itself successors without an end.

    Raises:
        ForbiddenError: a key without that right.
    """
    if principal.api_key_id is not None:
        principal.require(Scope.MANAGE)
    return principal


StateDep = Annotated[ServerState, Depends(get_state)]
ReadingSession = Annotated[Session, Depends(get_reading_session, scope="function")]
PrincipalDep = Annotated[Principal, Depends(get_principal)]
VisitorDep = Annotated[Visitor, Depends(get_visitor)]
PlateSearchDep = Annotated[PlateSearch, Depends(get_plate_search)]
ReasonQuery = Annotated[
    str | None, Query(max_length=MAX_REASON, description="why plates are searched; kept in the audit log")
]
ActorDep = Annotated[Actor, Depends(get_actor)]
Reader = Annotated[Principal, _require(Scope.READ)]
RECOGNIZER_ONLY = _require(Scope.RECOGNIZE)
"""For a route's `dependencies`: decides before the uploaded photos are looked at."""
Recognizer = Annotated[Principal, RECOGNIZER_ONLY]
KNOWN_QUERY = Depends(refuse_unknown_query)
"""For a route's `dependencies`: refuses query parameters that the route doesn't know."""
KNOWN_FIELDS = Depends(refuse_unknown)
"""The same for form fields too."""
Recheck = Annotated[Callable[[], Awaitable[object]], Depends(get_recheck)]
LivePlace = Annotated[None, Depends(get_live_place)]
Manager = Annotated[Principal, _require(Scope.MANAGE)]
KeyOwner = Annotated[Principal, Depends(get_key_owner)]
