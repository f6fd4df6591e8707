"""The index of all plates, searched by a part of the text or with misread characters."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.db.repository import is_duplicate
from platewatch.db.tables import PlateKeyRow, PlateTextRow, SightingRow
from platewatch.plates.matching import (
    LIKE_ESCAPE,
    edit_distance,
    is_pattern,
    literal_prefix,
    matches,
    wildcard_to_like,
)
from platewatch.plates.text import ANY_SIGNS
from platewatch.sightings.partial import keys_near, keys_of, keys_of_gaps, keys_of_piece

_LONG_PREFIX = 3
_AT_ONCE = 5000


class PlateIndex:
    """The plates that sightings have now, each once. Never commits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, text: str) -> None:
        """Let the plate be found from now on."""
        # The lock keeps `drop_unused` of another transaction waiting, which then sees this one's sighting.
        known = select(PlateTextRow.id).where(PlateTextRow.text == text).with_for_update(read=True)
        if self._session.scalar(known) is not None:
            return
        row = PlateTextRow(text=text)
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            if is_duplicate(error):  # another transaction was faster
                return
            raise
        self._session.execute(insert(PlateKeyRow), [{"key": key, "plate_id": row.id} for key in sorted(keys_of(text))])

    def drop_unused(self, texts: Collection[str]) -> None:
        """Forget those of the plates that no sighting has any more."""
        self._session.flush()
        locked = select(PlateTextRow).where(PlateTextRow.text.in_(sorted(set(texts)))).order_by(PlateTextRow.text)
        rows = list(self._session.scalars(locked.with_for_update()))
        in_use = select(SightingRow.plate).where(SightingRow.plate.in_([row.text for row in rows])).distinct()
        used = set(self._session.scalars(in_use))
        for row in rows:
            if row.text not in used:
                own = PlateKeyRow.key.in_(sorted(keys_of(row.text)))
                self._session.execute(delete(PlateKeyRow).where(own, PlateKeyRow.plate_id == row.id))
                self._session.delete(row)
        self._session.flush()

    def near(self, text: str, distance: float) -> list[str]:
        """The plates at most this far away, nearest first."""
        # A look-alike costs half an edit and nothing once folded, so the folded texts are never further apart.
        candidates = self._having_any(keys_near(text, int(distance)))
        found = [(edit_distance(text, candidate, distance), candidate) for candidate in candidates]
        return [candidate for cost, candidate in sorted(found) if cost <= distance]

    def fitting(self, pattern: str, limit: int) -> list[str]:
        """Up to `limit` plates that fit the pattern.

        A pattern without a beginning and without three characters in a row is compared with plate after plate; if it
        is common, that soon ends.
        """
        if not is_pattern(pattern):
            return [pattern]
        keys = keys_of_gaps(pattern)
        if keys is not None:
            return sorted(text for text in self._having_any(keys) if matches(pattern, text))[:limit]
        piece = keys_of_piece(pattern)
        if piece and len(literal_prefix(pattern)) < _LONG_PREFIX:
            query = self._having_all(piece).where(_is_like(pattern))
        else:
            query = texts_like(pattern)
        return list(self._session.scalars(query.limit(limit)))

    def _having_any(self, keys: Collection[int]) -> list[str]:
        # In two steps, since for one some databases read all plates rather than those that the keys name.
        owned = select(PlateKeyRow.plate_id).where(PlateKeyRow.key.in_(sorted(keys)))
        owners = sorted(set(self._session.scalars(owned)))
        texts: list[str] = []
        for start in range(0, len(owners), _AT_ONCE):
            some = PlateTextRow.id.in_(owners[start : start + _AT_ONCE])
            texts += self._session.scalars(select(PlateTextRow.text).where(some))
        return texts

    def _having_all(self, keys: Collection[int]) -> Select[str]:
        query = select(PlateTextRow.text)
        for key in sorted(keys)[:2]:
            query = query.where(PlateTextRow.id.in_(select(PlateKeyRow.plate_id).where(PlateKeyRow.key == key)))
        return query


def texts_like(pattern: str) -> Select[str]:
    """The plates that fit the pattern, of which only those are looked at that begin like it."""
    prefix = literal_prefix(pattern)
    query = select(PlateTextRow.text)
    if prefix:
        query = query.where(PlateTextRow.text >= prefix, PlateTextRow.text < _after_all(prefix))
    return query if pattern == prefix + ANY_SIGNS else query.where(_is_like(pattern))


def _is_like(pattern: str) -> ColumnElement[bool]:
    return PlateTextRow.text.like(wildcard_to_like(pattern), escape=LIKE_ESCAPE)


def _after_all(prefix: str) -> str:
    """The first text, by code points, behind all that begin so."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
