"""Errors as answers: which status each class has, and which shape each part of the API speaks.

`/api/v1` and everything unnamed answers with problem details (RFC 9457), routes of other systems in their own shape, as
web/error_shapes.py says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from platewatch import errors
from platewatch.db.engine import is_away
from platewatch.web.body_problems import body_problem
from platewatch.web.error_shapes import DetailError, FieldMessage, uses_detail, uses_envelope

log = structlog.get_logger(__name__)

STATUS: tuple[tuple[type[errors.PlatewatchError], HTTPStatus], ...] = (
    (errors.ImageTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.RequestTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.ImageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.IdempotencyError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.NotFoundError, HTTPStatus.NOT_FOUND),
    (errors.ConflictError, HTTPStatus.CONFLICT),
    (errors.AuthenticationError, HTTPStatus.UNAUTHORIZED),
    (errors.ForbiddenError, HTTPStatus.FORBIDDEN),
    (errors.TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.DatabaseAwayError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.RemoteModelError, HTTPStatus.BAD_GATEWAY),
    (errors.ModelError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.StorageError, HTTPStatus.INSUFFICIENT_STORAGE),
    (errors.PlatewatchError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that fits decides."""

TOO_LARGE = "The request is too large for this server. Send fewer or smaller images."
_CRASHED = "Something went wrong on the server; its error.log says more under this request id."
_NO_FORM = (
    "The body is declared as a form, as curl does without a content type. If it is a photo, send it as a multipart "
    "form (curl: -F image=@photo.jpg); POST /api/v1/read also takes it with Content-Type: image/jpeg."
)
_PYDANTICS_OWN = re.compile(r"^(Value error|Assertion failed), | or instance of \w+$")
_LOCATION_WORDS = {"body", "query", "path", "header", "cookie"}


class FieldProblem(BaseModel):
    field: str = Field(examples=["min_confidence"])
    message: str = Field(examples=["Input should be less than or equal to 1"])


class Problem(BaseModel):
    """Problem details of RFC 9457."""

    type: str = Field(default="about:blank")
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["This is not an image that can be read. Send a JPEG, PNG, WebP or BMP file."])
    request_id: str | None = Field(default=None, examples=["1f0c2a9e7b5d4c3f"])
    errors: list[FieldProblem] = Field(default=[])


def add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(errors.PlatewatchError, _handle_ours)
    app.add_exception_handler(SQLAlchemyError, _handle_database)
    app.add_exception_handler(RequestValidationError, _handle_validation)
    app.add_exception_handler(HTTPException, _handle_http)


def status_of(error: errors.PlatewatchError) -> HTTPStatus:
    return next(status for kind, status in STATUS if isinstance(error, kind))


def _handle_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PlatewatchError)  # noqa: S101 -- how it was registered
    return answer_error(request, error)


def _handle_database(request: Request, error: Exception) -> Response:
    """The database's own errors; those that say that it is away are the operator's, the others ours."""
    if not is_away(error):
        raise error
    return answer_error(request, _database_away(error))


def _database_away(error: Exception) -> errors.DatabaseAwayError:
    log.error("database.away", error=str(getattr(error, "orig", error)))
    return errors.DatabaseAwayError()


def as_http_error(error: Exception) -> HTTPException:
    """The error for places where the framework lets only its own ones through."""
    if is_away(error):
        error = _database_away(error)
    if not isinstance(error, errors.PlatewatchError):
        log.error("request.crashed", exc_info=error)
        return HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, _CRASHED)
    return HTTPException(status_of(error), str(error), error_headers(error))


def answer_error(request: Request, error: errors.PlatewatchError) -> Response:
    """The error as the answer to the request."""
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, errors.BusyError):
        log.error("request.failed", error=str(error), kind=type(error).__name__)
    if isinstance(error, errors.StorageError):
        request.app.state.server.storage.failed()
    data = {"second_factor_required": True} if isinstance(error, errors.SecondFactorError) else None
    return problem(
        request, status, str(error), fields=_field_problems(error), headers=error_headers(error), envelope_data=data
    )


def error_headers(error: errors.PlatewatchError) -> dict[str, str]:
    """The headers beside the text: when to come back, and how to log in."""
    if isinstance(error, (errors.BusyError, errors.TooManyRequestsError, errors.DatabaseAwayError, errors.BudgetError)):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, errors.AuthenticationError) else {}


def _field_problems(error: errors.PlatewatchError) -> list[FieldProblem]:
    if isinstance(error, errors.FieldError):
        return [FieldProblem(field=error.field, message=str(error))]
    if isinstance(error, errors.RowsError):
        return [FieldProblem(field=f"line {row.line}: {row.field}", message=row.message) for row in error.problems]
    return []


def _handle_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- how it was registered
    for item in error.errors():
        if (message := body_problem(request, item)) is not None:
            whole = [FieldProblem(field="body", message=message)]
            return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, message, fields=whole)
    fields = [FieldProblem(field=_field_name(item["loc"]), message=_plain(item["msg"])) for item in error.errors()]
    detail = "; ".join(f"{item.field}: {item.message}" for item in fields[:5])
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"Some fields can't be used. {detail}", fields=fields)


def _handle_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- how it was registered
    status = HTTPStatus(error.status_code)
    details = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {request.url.path!r}. The API is described at /openapi.json.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.url.path!r} does not take {request.method}.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TOO_LARGE,
    }
    if status is HTTPStatus.BAD_REQUEST and _is_urlencoded(request):
        details[status] = f"{error.detail} {_NO_FORM}"
    return problem(request, status, details.get(status, str(error.detail)), headers=error.headers)


def crash_answer(request: Request) -> Response:
    """The answer after an unexpected error; it reveals nothing of the inside."""
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, _CRASHED)


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    *,
    fields: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    envelope_data: Mapping[str, bool] | None = None,
) -> Response:
    """The error in the shape that the path speaks."""
    path = request.url.path
    if uses_envelope(path):
        envelope = {"success": False, "message": detail} | ({"data": dict(envelope_data)} if envelope_data else {})
        return JSONResponse(envelope, status, headers=headers)
    if uses_detail(path):
        detail_error = DetailError(detail=detail, errors=[FieldMessage(**field.model_dump()) for field in fields])
        return JSONResponse(detail_error.model_dump(exclude_defaults=True), status, headers=headers)
    body = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        request_id=getattr(request.state, "request_id", None),
        errors=list(fields),
    )
    return JSONResponse(body.model_dump(), status, headers=headers, media_type="application/problem+json")


def _is_urlencoded(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")


def _field_name(location: Sequence[object]) -> str:
    names = [str(part) for part in location]
    if len(names) > 1 and names[0] in _LOCATION_WORDS:
        names = names[1:]
    return ".".join(names) or "body"


def _plain(message: str) -> str:
    """Pydantic's message without what only says how we use it."""
    return _PYDANTICS_OWN.sub("", message)
