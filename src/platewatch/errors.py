"""Every error that platewatch raises on purpose, drawn as one tree.

    PlatewatchError
    ├── InputError                     what came from outside can't be used as it is
    │   ├── ImageError
    │   │   ├── EmptyImageError        0 bytes
    │   │   ├── NotAnImageError        no known image format
    │   │   ├── TruncatedImageError    the file ends early or is damaged
    │   │   ├── UnsupportedImageError  an image, but of a kind that is not read
    │   │   └── ImageTooLargeError     too many bytes or pixels
    │   ├── CursorError                a paging cursor that this server did not make
    │   └── FieldError                 any other field with a value that can't be used
    ├── NotFoundError                  no such row or file
    ├── ConflictError                  it exists already, or another request is at it
    │   └── IdempotencyError           one Idempotency-Key, two different requests
    ├── AuthenticationError            nobody is logged in, or the log-in is wrong
    ├── ForbiddenError                 logged in, but not allowed
    ├── BusyError                      every reader is taken and the waiting line is full
    ├── ModelError
    │   ├── UnknownBackendError        no detector or recognizer of that name
    │   ├── ModelFileError             a model's file is missing or damaged
    │   └── ModelShapeError            a model whose input or output is not understood
    ├── StorageError                   the media store can't keep or give an image
    └── SettingsError                  a setting that can't work, or a schema that is behind

Messages name the thing and say what to do next. HTTP statuses are mapped in app/error_handlers.py.
"""

from __future__ import annotations


class PlatewatchError(Exception):
    """Root of all errors raised on purpose."""


class InputError(PlatewatchError):
    """Something from outside can't be used as it is."""


class ImageError(InputError):
    """An image can't be read."""


class EmptyImageError(ImageError):
    """The image has 0 bytes."""

    def __init__(self) -> None:
        super().__init__("The image is empty (0 bytes). Send the content of a JPEG, PNG, WebP or BMP file.")


class NotAnImageError(ImageError):
    """The bytes are in no known image format."""

    def __init__(self) -> None:
        super().__init__("This is not an image that can be read. Send a JPEG, PNG, WebP or BMP file.")


class TruncatedImageError(ImageError):
    """The image ends early or is damaged."""

    def __init__(self) -> None:
        super().__init__("The image is damaged or cut short. Send the whole file again, or save it anew first.")


class UnsupportedImageError(ImageError):
    """An image of a kind that is not read."""


class ImageTooLargeError(ImageError):
    """The image has more bytes or pixels than the limit allows."""

    def __init__(self, *, what: str, size: str, limit: str) -> None:
        super().__init__(f"The image has {size} {what}, the limit is {limit}. Scale it down and send it again.")
        self.what = what


class CursorError(InputError):
    """A paging cursor that this server did not make."""

    def __init__(self, cursor: str) -> None:
        super().__init__(
            f"The cursor {cursor[:40]!r} is not one of ours. Use `next_cursor` of the page before as it is, "
            "or leave `cursor` out to start at the newest.",
        )


class FieldError(InputError):
    """A field with a value that can't be used."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotFoundError(PlatewatchError):
    """No such row or file."""

    def __init__(self, kind: str, identity: object) -> None:
        super().__init__(f"There is no {kind} {identity!r}.")
        self.kind = kind
        self.identity = identity


class ConflictError(PlatewatchError):
    """It exists already, or another request is at it."""


class IdempotencyError(ConflictError):
    """One Idempotency-Key was used for two different requests."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {key!r} was already used for another request. Use a new key for each new request.",
        )


class AuthenticationError(PlatewatchError):
    """Nobody is logged in, or the log-in is wrong."""


class ForbiddenError(PlatewatchError):
    """Logged in, but not allowed."""


class BusyError(PlatewatchError):
    """Every reader is taken and the waiting line is full."""

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__(f"Every reader is busy and the waiting line is full. Try again in {retry_after_s:.0f} s.")
        self.retry_after_s = retry_after_s


class ModelError(PlatewatchError):
    """A detector or recognizer can't be used."""


class UnknownBackendError(ModelError):
    """No detector or recognizer of that name is installed."""

    def __init__(self, *, kind: str, name: str, known: list[str]) -> None:
        super().__init__(f"There is no {kind} {name!r}. Installed are: {', '.join(sorted(known)) or 'none'}.")
        self.name = name


class ModelFileError(ModelError):
    """A model's file is missing or damaged."""


class ModelShapeError(ModelError):
    """A model whose input or output is not understood."""


class StorageError(PlatewatchError):
    """The media store can't keep or give an image."""


class SettingsError(PlatewatchError):
    """A setting that can't work, or a database schema that is behind."""
