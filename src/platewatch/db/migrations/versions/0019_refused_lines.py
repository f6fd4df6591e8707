"""The lines that an import of a list refused.

Revision: 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("watchlist_imports", sa.Column("refused", sa.Integer(), server_default="0", nullable=False))
    op.add_column("watchlist_imports", sa.Column("problems", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("watchlist_imports", "problems")
    op.drop_column("watchlist_imports", "refused")
