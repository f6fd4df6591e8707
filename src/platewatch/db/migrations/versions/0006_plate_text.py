"""Plates as people write them, beside the keys by which they are compared.

Until now letters outside A-Z were dropped from what people typed (`GÖ-AB 123` was kept as `GAB123`), and the text as
typed was kept nowhere. So nothing can be recomputed: plates that were typed keep their keys, have no written text, and
are counted in the log; `platewatch plates undecided` lists them. What the recognizer `platewatch` read is not
concerned, because it reads A-Z only. Regions that people wrote as a name become codes.

Revision: 0006.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
import structlog
from alembic import op
from sqlalchemy.dialects import mysql

from platewatch.plates.region_codes import meant_region, region_names

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")
KEY_COLUMNS = (
    ("sightings", "read_plate", True),
    ("watchlist_entries", "plate", False),
    ("watchlist_matches", "plate", False),
    ("watchlist_matches", "entry_plate", False),
    ("passes", "plate", False),
    ("passes", "plate_key", False),
    ("visits", "plate", False),
    ("visits", "plate_key", False),
    ("access_log", "plate", False),
    ("access_log", "entry_plate", True),
    ("legal_holds", "plate", True),
)
"""Columns with plates that the databases' own collations compared until now, and whether they may be empty."""
ALL_KEY_COLUMNS = (("sightings", "plate", False), ("plate_texts", "text", False), *KEY_COLUMNS)
NEW_TEXTS = (
    ("sightings", "written"),
    ("watchlist_entries", "written"),
    ("watchlist_matches", "entry_written"),
    ("passes", "written"),
    ("visits", "written"),
    ("access_log", "written"),
    ("access_log", "entry_written"),
    ("legal_holds", "written"),
)
NEW_FLAGS = (("watchlist_matches", "folded"), ("access_log", "match_folded"))
UNDECIDED = {
    "entries": "SELECT count(*) FROM watchlist_entries",
    "sightings": (
        "SELECT count(*) FROM sightings WHERE (source = 'manual' OR read_plate IS NOT NULL) AND plate NOT LIKE '~%'"
    ),
    "hidden_sightings": "SELECT count(*) FROM sightings WHERE source = 'manual' AND plate LIKE '~%'",
    "sightings_of_other_recognizers": (
        "SELECT count(*) FROM sightings WHERE recognizer NOT IN ('platewatch', 'manual') AND plate NOT LIKE '~%'"
    ),
    "decisions": "SELECT count(*) FROM access_log WHERE source IN ('request', 'manual', 'note') AND plate <> ''",
    "holds": "SELECT count(*) FROM legal_holds WHERE plate IS NOT NULL",
}
"""Plates in which letters may have been dropped, by where they are."""
CODE = re.compile(r"[a-z]{2}(-[a-z0-9]{1,3})?")

log = structlog.get_logger(__name__)


def upgrade() -> None:
    # Added in place: no copy of a table is made, on SQLite neither.
    for table, name in NEW_TEXTS:
        op.add_column(table, sa.Column(name, sa.String(length=64), nullable=True))
    for table, name in NEW_FLAGS:
        op.add_column(table, sa.Column(name, sa.Boolean(), server_default="0", nullable=False))
    policy = sa.Column("folded", sa.String(length=16), server_default="accept", nullable=False)
    op.add_column("gate_policies", policy)
    compare_by_code_points()
    for table in ("sightings", "watchlist_entries"):
        mend_regions(table)
    report_undecided()


def downgrade() -> None:
    for table, name in (*NEW_TEXTS, *NEW_FLAGS, ("gate_policies", "folded")):
        op.drop_column(table, name)
    if op.get_bind().dialect.name == "postgresql":
        for table, name, nullable in KEY_COLUMNS:
            op.alter_column(table, name, type_=sa.String(length=32), existing_nullable=nullable)


def compare_by_code_points() -> None:
    """Let Ö and O be two letters, whatever the server's own collation says. SQLite compares bytes anyway."""
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        for table, name, nullable in KEY_COLUMNS:
            op.alter_column(table, name, type_=KEY, existing_nullable=nullable)
    elif dialect == "mysql":
        # Nothing is done where the tables still are as platewatch made them.
        binary = mysql.VARCHAR(32, charset="utf8mb4", collation="utf8mb4_bin")
        for table, name, nullable in ALL_KEY_COLUMNS:
            op.alter_column(table, name, type_=binary, existing_type=binary, existing_nullable=nullable)


def mend_regions(table: str) -> None:
    """Put the code in the place of a region's name; report what is neither."""
    connection = op.get_bind()
    rows = sa.table(table, sa.column("region", sa.String))
    query = sa.select(rows.c.region).where(rows.c.region.is_not(None)).distinct()
    for region in connection.scalars(query).all():
        if region in region_names() or (CODE.fullmatch(region) and region[:2] in region_names()):
            continue
        code = meant_region(region)
        if code is None:
            log.warning("regions.undecided", table=table, region=region)
            continue
        changed = connection.execute(sa.update(rows).where(rows.c.region == region).values(region=code)).rowcount
        log.info("regions.mended", table=table, region=region, code=code, rows=changed)


def report_undecided() -> None:
    connection = op.get_bind()
    counts = {place: connection.scalar(sa.text(query)) or 0 for place, query in UNDECIDED.items()}
    if any(counts.values()):
        advice = "letters outside A-Z were dropped when these were typed; run `platewatch plates undecided`"
        log.warning("plates.undecided", **counts, advice=advice)
