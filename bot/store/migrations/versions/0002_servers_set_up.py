"""How a server is set up, when the service was last alive, and what a card's discussion is told.

Knows: what 0001 left. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing: the caller's transaction holds all of it or none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns; a server belongs to one community."""
    for name in ("mode", "policy"):
        op.add_column("communities", _text(name))
    op.add_column("communities", sa.Column("alive_at", sa.BigInteger(), nullable=True))
    for name in ("name", "escalation_channel", "moderator_role"):
        op.add_column("servers", _text(name))
    op.add_column("servers", sa.Column("set_up", sa.Boolean(), nullable=False, server_default=sa.text("0")))
    op.create_index("servers_once", "servers", ["platform", "server"], unique=True)
    op.add_column("actions", _text("news"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")
