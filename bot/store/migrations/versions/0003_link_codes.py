"""Codes with which a member links accounts, and how often somebody tried.

Knows: what 0002 left. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing: the caller's transaction holds all of it or none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "link_codes",
        *map(_text, ("community", "digest", "platform", "account")),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "digest"),
    )
    op.create_index("link_codes_by_account", "link_codes", ["community", "platform", "account"])
    op.create_table(
        "link_tries",
        sa.Column("id", sa.Integer(), primary_key=True),
        *map(_text, ("community", "platform", "account")),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("link_tries_by_account", "link_tries", ["community", "platform", "account", "tried_at"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")
