"""Errors as answers: which status each class has, and which shape each part of the API speaks.

`/api/v1` and everything unnamed answers with problem details (RFC 9457); `/auth` and CarWatch's routes with CarWatch's
envelope.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from platewatch import errors

log = structlog.get_logger(__name__)

STATUS: tuple[tuple[type[errors.PlatewatchError], HTTPStatus], ...] = (
    (errors.ImageTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.ImageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.IdempotencyError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.NotFoundError, HTTPStatus.NOT_FOUND),
    (errors.ConflictError, HTTPStatus.CONFLICT),
    (errors.AuthenticationError, HTTPStatus.UNAUTHORIZED),
    (errors.ForbiddenError, HTTPStatus.FORBIDDEN),
    (errors.BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.ModelError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.StorageError, HTTPStatus.INSUFFICIENT_STORAGE),
    (errors.PlatewatchError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that fits decides."""

ENVELOPE_PATHS = ("/auth/", "/api/upload_image")
TOO_LARGE = "The request is too large for this server. Send fewer or smaller images."
_CRASHED = "Something went wrong on the server; its error.log says more under this request id."
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
    app.add_exception_handler(RequestValidationError, _handle_validation)
    app.add_exception_handler(HTTPException, _handle_http)


def status_of(error: errors.PlatewatchError) -> HTTPStatus:
    return next(status for kind, status in STATUS if isinstance(error, kind))


def _handle_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PlatewatchError)  # noqa: S101 -- how it was registered
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, errors.BusyError):
        log.error("request.failed", error=str(error), kind=type(error).__name__)
    headers = {}
    if isinstance(error, errors.BusyError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    if isinstance(error, errors.AuthenticationError):
        headers["WWW-Authenticate"] = "Bearer"
    fields = [FieldProblem(field=error.field, message=str(error))] if isinstance(error, errors.FieldError) else []
    return problem(request, status, str(error), fields=fields, headers=headers)


def _handle_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- how it was registered
    fields = [FieldProblem(field=_field_name(item["loc"]), message=str(item["msg"])) for item in error.errors()]
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
    return problem(request, status, details.get(status, str(error.detail)), headers=error.headers)


def crash_answer(request: Request) -> Response:
    """The answer after an error that nobody foresaw; it tells nothing of the inside."""
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, _CRASHED)


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    *,
    fields: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The error in the shape that the path speaks."""
    if request.url.path.startswith(ENVELOPE_PATHS):
        return JSONResponse({"success": False, "message": detail}, status, headers=headers)
    body = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        request_id=getattr(request.state, "request_id", None),
        errors=list(fields),
    )
    return JSONResponse(body.model_dump(), status, headers=headers, media_type="application/problem+json")


def _field_name(location: Sequence[object]) -> str:
    names = [str(part) for part in location]
    if len(names) > 1 and names[0] in _LOCATION_WORDS:
        names = names[1:]
    return ".".join(names)
