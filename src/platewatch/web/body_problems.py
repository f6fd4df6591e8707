"""Messages for a request body that is missing or no JSON: the fields that the route needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

_NOT_AN_OBJECT = frozenset({"model_attributes_type", "model_type", "dict_type"})


def body_problem(request: Request, error: Mapping[str, Any]) -> str | None:
    """A message for one of Pydantic's errors about the body as a whole; None for any other error."""
    location = tuple(error["loc"])
    if location == ("body",) and error["type"] == "missing":
        return f"The request has no body. {_needed(request)}"
    if location == ("body",) and error["type"] in _NOT_AN_OBJECT:
        if _is_json(request):
            return f"The body is JSON, but no object. {_needed(request)}"
        return f"The body is not taken for JSON: send it with Content-Type: application/json. {_needed(request)}"
    if error["type"] == "json_invalid":
        return f"The body is no JSON: it breaks off or goes wrong at character {location[-1]}. {_needed(request)}"
    return None


def _needed(request: Request) -> str:
    route = request.scope.get("route")
    field = route.body_field if isinstance(route, APIRoute) else None
    model = None if field is None else field.field_info.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return "The route's fields are in /openapi.json."
    names = {info.alias or name: info.is_required() for name, info in model.model_fields.items()}
    required = [name for name, is_required in names.items() if is_required]
    optional = [name for name, is_required in names.items() if not is_required]
    if not required:
        return f"Send a JSON object, {{}} at least; it may have: {', '.join(optional)}."
    also = f"; it may also have: {', '.join(optional)}" if optional else ""
    return f"Send a JSON object with: {', '.join(required)}{also}."


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")
