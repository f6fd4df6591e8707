"""Every error that platewatch raises on purpose, drawn as one tree.

    PlatewatchError
    ├── InputError                     what came from outside can't be used as it is
    │   ├── ImageError
    │   │   ├── EmptyImageError        0 bytes
    │   │   ├── NotAnImageError        no known image format
    │   │   ├── TruncatedImageError    the file ends early or is damaged
    │   │   ├── UnsupportedImageError  an image, but of a kind that is not read
    │   │   │   └── HeicNotReadError   a phone's HEIC photo, where the package that reads it is not installed
    │   │   └── ImageTooLargeError     too many bytes or pixels
    │   ├── RequestTooLargeError       the photos of one request are too many pixels together
    │   ├── CursorError                a paging cursor that this server did not make
    │   ├── RowsError                  rows of a file that can't be used
    │   ├── LabelsError                a dataset's labels, or its folder, can't be used
    │   └── FieldError                 any other field with a value that can't be used
    │       ├── PlateTextError         a plate as written has a letter or sign that plates are not compared by
    │       └── RegionCodeError        no known region has that code
    ├── NotFoundError                  no such row or file
    ├── ConflictError                  it exists already, or another request is at it
    │   └── IdempotencyError           one Idempotency-Key, two different requests
    ├── AuthenticationError            nobody is logged in, or the log-in is wrong
    │   └── SecondFactorError          the password is right, the code of the second factor is missing or wrong
    ├── ForbiddenError                 logged in, but not allowed
    ├── TooManyRequestsError           more often than a limit allows
    ├── BusyError                      the server is at work as much as it can be, and no more may wait
    ├── DatabaseAwayError              the database can't be reached, or is too busy to answer
    ├── ModelError
    │   ├── UnknownBackendError        no detector or recognizer of that name
    │   ├── ModelFileError             a model's file is missing or damaged
    │   │   └── MissingExtraError      the package of an extra is not installed
    │   ├── ModelShapeError            a model whose input or output is not understood
    │   ├── RemoteModelError           a model on another machine that does not answer, or not with what was asked
    │   └── BudgetError                a paid model that has cost enough for today
    ├── StorageError                   the media store can't keep or give an image
    ├── SealError                      a stored secret that the server's key does not open
    ├── ResealError                    stored secrets that can't be sealed again, because no key opens them
    ├── GateError                      a gate did not open, or did not say so
    └── SettingsError                  a setting that can't work, or a schema that is behind

Messages name the thing and say what to do next. HTTP statuses are mapped in web/error_handlers.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from platewatch.installation import install_command, own_command
from platewatch.redaction import printable

_PLACES_NAMED = 10
_TEXT_SHOWN = 40


class PlatewatchError(Exception):
    """Root of all errors raised on purpose."""

    def __str__(self) -> str:
        """The message, without the control characters of what it quotes: it goes to terminals, logs and answers."""
        return printable(super().__str__(), lines=True)


class InputError(PlatewatchError):
    """Something from outside can't be used as it is."""


class ImageError(InputError):
    """An image can't be read."""


class EmptyImageError(ImageError):
    """The image has 0 bytes."""

    def __init__(self) -> None:
        super().__init__("The image is empty (0 bytes). Send the content of a JPEG, PNG, WebP, AVIF, HEIC or BMP file.")


class NotAnImageError(ImageError):
    """The bytes are in no known image format."""

    def __init__(self) -> None:
        super().__init__("This is not an image that can be read. Send a JPEG, PNG, WebP, AVIF, HEIC or BMP file.")


class TruncatedImageError(ImageError):
    """The image ends early or is damaged."""

    def __init__(self) -> None:
        super().__init__("The image is damaged or cut short. Send the whole file again, or save it again first.")


class UnsupportedImageError(ImageError):
    """An image of a kind that is not read."""


class HeicNotReadError(UnsupportedImageError):
    """A HEIC photo, where the package of the extra `heic` is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "HEIC photos are read where the package pillow-heif is installed beside platewatch "
            f"(`{install_command('heic')}`). Install it, or send the photo as JPEG."
        )


class ImageTooLargeError(ImageError):
    """The image has more bytes or pixels than the limit allows."""

    def __init__(self, *, what: str, limit: str, size: str | None = None) -> None:
        """`size` and `limit` are how many `what`; no size where no more was read than the limit allows."""
        much = f"{size} {what}, the limit is {limit}" if size else f"more than {limit} {what}"
        super().__init__(f"The image has {much}. Scale it down and send it again.")
        self.what = what


class RequestTooLargeError(InputError):
    """The photos of one request have more pixels together than the limit allows."""

    def __init__(self, *, megapixels: float, limit: float) -> None:
        super().__init__(
            f"The photos of this request have {megapixels:.1f} megapixels together, the limit is {limit:g} "
            "(PLATEWATCH_MAX_REQUEST_MEGAPIXELS). Send them in several requests.",
        )


class CursorError(InputError):
    """A paging cursor that this server did not make."""

    def __init__(self, cursor: str) -> None:
        super().__init__(
            f"The cursor {cursor[:40]!r} is not one of ours. Use `next_cursor` of the page before as it is, "
            "or leave `cursor` out for the first page.",
        )


class FieldError(InputError):
    """A field with a value that can't be used."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PlateTextError(FieldError):
    """A plate as written has a letter or sign that plates are not compared by; the message names that sign."""

    def __init__(self, text: str, sign: str) -> None:
        name = unicodedata.name(sign, f"U+{ord(sign):04X}")
        super().__init__("plate", f"{sign!r} ({name}) in {text[:_TEXT_SHOWN]!r} {_advice_on(sign)}")
        self.text = text
        self.sign = sign


class RegionCodeError(FieldError):
    """No known region has that code."""

    def __init__(self, text: str, meant: str | None) -> None:
        hint = f" Did you mean {meant!r}?" if meant else ""
        advice = "Give a code of GET /api/v1/regions, such as 'fr' or 'us-ca'."
        super().__init__("region", f"{text[:_TEXT_SHOWN]!r} is no region code.{hint} {advice}")
        self.meant = meant


def _advice_on(sign: str) -> str:
    value = unicodedata.digit(sign, None)
    if value is not None:
        return f"is no digit that plates are compared by. Write {value}."
    if unicodedata.category(sign)[0] in "LN":
        return (
            "is no letter that plates are compared by: those are A-Z, also with marks, 0-9, Cyrillic and Greek letters "
            "that look Latin, and the signs of Chinese plates. Write the plate as its sightings show it."
        )
    return "is no part of a plate. Write one plate, with spaces, hyphens or dots at most."


@dataclass(frozen=True, slots=True)
class RowProblem:
    """The problem of one row of a file; lines count from 1."""

    line: int
    field: str
    message: str


class RowsError(InputError):
    """Rows of a file that can't be used, so that nothing of the file was."""

    def __init__(self, problems: Sequence[RowProblem], *, more: bool) -> None:
        first = problems[0]
        number = f"At least {len(problems)}" if more else f"{len(problems)}"
        super().__init__(
            f"{number} row(s) can't be used, so nothing was changed. The first is in line {first.line}: "
            f"{first.field}: {first.message}. Correct the file and send it again.",
        )
        self.problems = tuple(problems)


class LabelsError(InputError):
    """A dataset's labels, or its folder, can't be used."""


class NotFoundError(PlatewatchError):
    """No such row or file; without an identity, none at all."""

    def __init__(self, kind: str, identity: object = None) -> None:
        super().__init__(f"There is no {kind} yet." if identity is None else f"There is no {kind} {identity!r}.")
        self.kind = kind
        self.identity = identity


class ConflictError(PlatewatchError):
    """The thing exists already, or another request is changing it."""


class IdempotencyError(ConflictError):
    """One Idempotency-Key was used for two different requests."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {key!r} was already used for another request. Use a new key for each new request.",
        )


class AuthenticationError(PlatewatchError):
    """Nobody is logged in, or the log-in is wrong."""


class SecondFactorError(AuthenticationError):
    """The password is right, but the code of the second factor is missing or wrong."""


class ForbiddenError(PlatewatchError):
    """Logged in, but not allowed."""


class TooManyRequestsError(PlatewatchError):
    """More often than a limit allows."""

    def __init__(self, what: str, *, retry_after_s: float) -> None:
        super().__init__(f"{what} Try again in {retry_after_s:.0f} s.")
        self.retry_after_s = retry_after_s


class BusyError(PlatewatchError):
    """The server is at work as much as it can be, and no more may wait."""

    def __init__(
        self, what: str = "Every reader is busy and the waiting line is full.", *, retry_after_s: float
    ) -> None:
        """`what` is a sentence that says of what there is no more."""
        super().__init__(f"{what} Try again in {retry_after_s:.0f} s.")
        self.retry_after_s = retry_after_s


class DatabaseAwayError(PlatewatchError):
    """The database can't be reached, or is too busy to answer."""

    retry_after_s = 5.0

    def __init__(self) -> None:
        super().__init__("The database does not answer. Try again soon; its operator finds more in error.log.")


class ModelError(PlatewatchError):
    """A detector or recognizer can't be used."""


class UnknownBackendError(ModelError):
    """No detector or recognizer has that name; `ready` are those that can be used."""

    def __init__(self, *, kind: str, name: str, ready: Sequence[str]) -> None:
        super().__init__(
            f"There is no {kind} {name!r}. Ready are: {', '.join(sorted(ready)) or 'none'}. "
            f"`{own_command('models list')}` says what others need."
        )
        self.name = name


class ModelFileError(ModelError):
    """A model's file is missing or damaged."""


class MissingExtraError(ModelFileError):
    """The package of an extra is not installed."""

    def __init__(self, package: str, *, extra: str, brings: str | None = None) -> None:
        """`brings` is what comes with it that somebody might not want."""
        also = f"; it brings {brings}" if brings else ""
        super().__init__(f"The package {package!r} is not installed. Install it with `{install_command(extra)}`{also}.")
        self.extra = extra


class ModelShapeError(ModelError):
    """A model whose input or output is not understood."""


class RemoteModelError(ModelError):
    """A model on another machine does not answer, refuses, or answers with something else than asked."""


class BudgetError(ModelError):
    """A paid model has cost as much today as it may."""

    def __init__(self, *, spent: float, cap: float, retry_after_s: float) -> None:
        super().__init__(
            f"The recognizer 'llm' has cost {spent:.4f} today (UTC) and the next call could exceed the cap of {cap:g}. "
            "Wait until tomorrow, raise PLATEWATCH_LLM_DAILY_COST, or choose another recognizer.",
        )
        self.retry_after_s = retry_after_s


class StorageError(PlatewatchError):
    """The media store can't keep or give an image."""


class SealError(PlatewatchError):
    """A stored secret was sealed with another key than the server has, or was changed."""

    def __init__(self) -> None:
        super().__init__(
            "A secret in the database can't be read with the server's key. Restore the file 'secret-key' of the data "
            "folder or PLATEWATCH_SECRET_KEY, or set up again what it was for.",
        )


class ResealError(PlatewatchError):
    """Stored secrets can't be sealed again, because none of the server's keys opens them."""

    def __init__(self, places: Sequence[str]) -> None:
        named = ", ".join(places[:_PLACES_NAMED])
        more = f" and {len(places) - _PLACES_NAMED} more" if len(places) > _PLACES_NAMED else ""
        super().__init__(
            f"Nothing was changed, because no key opens these secrets: {named}{more}. Add the key that sealed them to "
            "PLATEWATCH_SECRET_KEY, behind a comma, or set up again what they are for."
        )
        self.places = tuple(places)


class GateError(PlatewatchError):
    """A gate did not open, or did not say so."""


class SettingsError(PlatewatchError):
    """A setting that can't work, or a database schema that is behind."""
