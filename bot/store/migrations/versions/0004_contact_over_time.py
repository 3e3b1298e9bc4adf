"""What happens between people over time: no-contact requests that live, notices outside a case, earlier messages of a finding.

Knows: what the migrations before left. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing: the caller's transaction holds all of it or none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DAYS_90 = 90 * 24 * 60 * 60 * 1_000_000
"""In microseconds: how long a request holds unless it is renewed."""


def upgrade() -> None:
    """Add columns and tables; an action may belong to no case. Old requests were told to nobody: they stay evidence."""
    op.add_column("contacts", _text("thread"))
    op.add_column("contacts", _flag("direct"))
    op.create_index("contacts_by_target", "contacts", ["community", "platform", "target", "sent_at"], sqlite_where=sa.text("hostility > 1"))
    for name in ("told_at", "until", "ended_at"):
        op.add_column("no_contact", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("no_contact", _text("letter"))
    op.execute(sa.text("UPDATE no_contact SET until = requested_at + :days").bindparams(days=DAYS_90))
    with op.batch_alter_table("actions") as actions:
        actions.alter_column("case", existing_type=sa.Integer(), nullable=True, server_default=None)
    op.create_table(
        "earlier",
        *(_text("community"), sa.Column("case", sa.Integer(), nullable=False), _number("step"), _text("platform")),
        *(_text("room"), _text("message"), _text("author"), sa.Column("sent_at", sa.BigInteger(), nullable=False)),
        *(_text("text"), _text("state")),
        sa.PrimaryKeyConstraint("community", "case", "platform", "room", "message"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("earlier_by_state", "earlier", ["community", "state"])
    op.create_table(
        "newcomers",
        *(_text("community"), _text("platform"), _text("account"), _number("messages")),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "platform", "account"),
    )
    op.create_table(
        "support",
        *(_text("community"), _text("platform"), _text("target"), sa.Column("told_at", sa.BigInteger(), nullable=False)),
        sa.PrimaryKeyConstraint("community", "platform", "target"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("0"))
