"""What a report is for, when moderators were last told of it, and which letter answered it.

Knows: what the migration before left. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing: the caller's transaction holds all of it or none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FORGET_ME = "This member asks that the data kept about them be deleted."


def upgrade() -> None:
    """Add three columns; requests to be forgotten are known by the sentence that stood in them, and are about who made them."""
    op.add_column("reports", sa.Column("kind", sa.Text(), nullable=False, server_default=""))
    op.add_column("reports", sa.Column("letter", sa.Text(), nullable=False, server_default=""))
    op.add_column("reports", sa.Column("told_at", sa.BigInteger(), nullable=True))
    asked = sa.text("UPDATE reports SET kind = 'forget', author = reporter WHERE text = :said AND author = '' AND message = ''")
    op.execute(asked.bindparams(said=FORGET_ME))
    op.create_index("reports_by_reporter", "reports", ["community", "platform", "reporter", "state"])
