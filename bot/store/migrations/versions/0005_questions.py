"""What people are asked: likes of hateful messages that are looked at again, and whether the owner of a private detail agreed.

Knows: what the migrations before left. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing: the caller's transaction holds all of it or none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables. Messages that were found hateful before are not looked at: nobody was told."""
    op.create_table(
        "hateful",
        *(_text("community"), sa.Column("case", sa.Integer(), nullable=False), _text("platform"), _text("server"), _text("room")),
        *(_text("message"), _text("author"), sa.Column("found_at", sa.BigInteger(), nullable=False), _number("changes"), _number("looked")),
        sa.PrimaryKeyConstraint("community", "platform", "room", "message"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_table(
        "likes",
        *(_text("community"), sa.Column("case", sa.Integer(), nullable=False), _text("platform"), _text("server"), _text("room")),
        *(_text("message"), _text("account"), _text("reaction"), _text("letter")),
        *(sa.Column("noted_at", sa.BigInteger(), nullable=False), sa.Column("told_at", sa.BigInteger(), nullable=True)),
        *(sa.Column("found_at", sa.BigInteger(), nullable=True), _text("state")),
        sa.PrimaryKeyConstraint("community", "platform", "room", "message", "account"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("likes_by_state", "likes", ["community", "state", "told_at"])
    op.create_index("likes_by_account", "likes", ["community", "platform", "account", "found_at"])
    op.create_table(
        "consents",
        *(_text("community"), sa.Column("case", sa.Integer(), nullable=False), _text("platform"), _text("server"), _text("room")),
        *(_text("message"), _text("account"), _text("role"), sa.Column("asked_at", sa.BigInteger(), nullable=False)),
        *(
            sa.Column("answer_by", sa.BigInteger(), nullable=True),
            _text("answer"),
            sa.Column("answered_at", sa.BigInteger(), nullable=True),
        ),
        sa.PrimaryKeyConstraint("community", "case", "account"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("consents_by_answer", "consents", ["community", "answer", "answer_by"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")
