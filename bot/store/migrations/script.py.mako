"""${message}.

Knows: the tables as they were on this day. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
