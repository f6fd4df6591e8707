"""Refusing what a client sends and a route doesn't know: a misspelt filter or field would be lost without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from platewatch.errors import FieldError

_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")


async def refuse_unknown(request: Request) -> None:
    """Do nothing if the route knows all query parameters and form fields of the request.

    Raises:
        FieldError: It doesn't know one; the message names those that it knows.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    refuse_unknown_query(request)
    fields = set(_body_names(route.dependant))
    if fields and request.headers.get("content-type", "").lower().startswith(_FORMS):
        _refuse("form field", set((await request.form()).keys()), fields)


def refuse_unknown_query(request: Request) -> None:
    """Do nothing if the route knows all query parameters of the request.

    Raises:
        FieldError: It doesn't know one; the message names those that it knows.
    """
    route = request.scope.get("route")
    if isinstance(route, APIRoute):
        _refuse("query parameter", set(request.query_params), set(_query_names(route.dependant)))


def _refuse(kind: str, sent: set[str], known: set[str]) -> None:
    unknown = sorted(sent - known)
    if unknown:
        names = f"The {kind}s are: {', '.join(map(repr, sorted(known)))}." if known else f"This route has no {kind}s."
        raise FieldError(unknown[0], f"The {kind} {unknown[0]!r} is not known. {names}")


def _query_names(dependant: Dependant) -> Iterator[str]:
    for each in _all(dependant):
        for field in each.query_params:
            model = field.field_info.annotation
            if isinstance(model, type) and issubclass(model, BaseModel):
                yield from (info.alias or name for name, info in model.model_fields.items())
            else:
                yield field.alias


def _body_names(dependant: Dependant) -> Iterator[str]:
    for each in _all(dependant):
        yield from (field.alias for field in each.body_params)


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)
