"""Names by which members say that others call them; which messages' words are still to follow a support card.

Knows: what the migration before left. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing: the caller's transaction holds all of it or none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and a column."""
    op.create_table(
        "given_names",
        *map(_text, ("community", "name", "platform", "account", "written")),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "name"),
    )
    op.create_index("given_names_by_account", "given_names", ["community", "platform", "account"])
    op.add_column("support", _text("waiting"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")
