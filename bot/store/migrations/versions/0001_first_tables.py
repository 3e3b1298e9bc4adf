"""First tables: the keys for everything the design names, and the audit chain.

Knows: the tables as they were on this day. Must not know: store/tables.py, which goes on changing.
Rules: never edited once released; commits nothing: the caller's transaction holds all of it or none.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything. The caller is told after the first table, so that a test can end the process there."""
    _accounts()
    _rooms()
    _cases()
    _outbox()
    _people()
    _records()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("0"))


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _maybe(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _accounts() -> None:
    """Communities, servers, members and their accounts."""
    op.create_table(
        "communities",
        *(_text("community"), _moment("first_seen_at")),
        sa.PrimaryKeyConstraint("community"),
    )
    context.config.attributes["on_point"]("migrating")
    op.create_table(
        "servers",
        *(_text("community"), _text("platform"), _text("server"), _moment("first_seen_at")),
        sa.PrimaryKeyConstraint("community", "platform", "server"),
    )
    op.create_table(
        "members",
        *(_text("community"), _text("member"), _moment("first_seen_at")),
        sa.PrimaryKeyConstraint("community", "member"),
    )
    op.create_table(
        "accounts",
        *(_text("community"), _text("platform"), _text("account"), _text("member"), _moment("linked_at")),
        sa.PrimaryKeyConstraint("community", "platform", "account"),
        sa.ForeignKeyConstraint(["community", "member"], ["members.community", "members.member"]),
    )
    op.create_index("accounts_by_member", "accounts", ["community", "member"])


def _rooms() -> None:
    """What is kept of clean messages, and what stayed unjudged."""
    op.create_table(
        "rooms",
        *(_text("community"), _text("platform"), _text("room"), _text("cursor"), _text("newest_seen")),
        *(_moment("first_seen_at"),),
        sa.PrimaryKeyConstraint("community", "platform", "room"),
    )
    op.create_table(
        "contacts",
        *(_text("community"), _text("platform"), _text("author"), _text("target"), _text("message"), _text("room")),
        *(_moment("sent_at"), _number("hostility"), _flag("objects"), _flag("answered")),
        sa.PrimaryKeyConstraint("community", "platform", "author", "target", "message"),
    )
    op.create_index("contacts_by_time", "contacts", ["community", "platform", "author", "target", "sent_at"])
    op.create_table(
        "unjudged",
        *(_text("community"), _text("platform"), _text("room"), _text("message"), _text("reason")),
        *(_moment("first_at"), _flag("read_again")),
        sa.PrimaryKeyConstraint("community", "platform", "room", "message"),
    )
    op.create_table(
        "unjudged_counts",
        *(_text("community"), _text("platform"), _text("room"), _text("day"), _text("reason"), _number("count")),
        sa.PrimaryKeyConstraint("community", "platform", "room", "day", "reason"),
    )
    op.create_table(
        "inbox",
        *(_text("community"), _text("event_id"), _json("payload"), _moment("received_at"), _maybe("done_at")),
        sa.PrimaryKeyConstraint("community", "event_id"),
    )


def _cases() -> None:
    """Cases and what they are made of."""
    op.create_table(
        "cases",
        *(_text("community"), _number("number"), _text("platform"), _text("server"), _text("author"), _text("room")),
        *(_text("thread"), _text("state"), _number("severity"), _moment("opened_at"), _moment("last_at")),
        *(_number("steps"), _number("answered"), _maybe("notice_first_at"), _maybe("notice_tried_at")),
        *(_maybe("muted_until"), _json("hidden"), _json("names"), _text("decided_by"), _maybe("decided_at")),
        *(_text("decision"), _text("reason"), _flag("collects")),
        *(sa.Column("late_seconds", sa.Float(), nullable=True), _text("mode"), _text("policy_hash")),
        *(_text("model_hash"), _text("code_hash")),
        sa.PrimaryKeyConstraint("community", "number"),
    )
    op.create_index("cases_by_author", "cases", ["community", "platform", "author", "state", "last_at"])
    op.create_index("cases_by_state", "cases", ["community", "state", "opened_at"])
    op.create_table(
        "case_messages",
        *(_id(), _text("community"), _number("case"), _number("step"), _text("platform"), _text("room")),
        *(_text("message"), _text("version"), _text("author"), _moment("sent_at"), _text("text"), _json("whole")),
        *(_json("segments"), _json("scores"), _json("context"), _text("note")),
        sa.UniqueConstraint("community", "platform", "room", "message", "version", name="case_messages_identity"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("case_messages_by_case", "case_messages", ["community", "case", "step"])
    op.create_table(
        "findings",
        *(_id(), _text("community"), _number("case"), _number("step"), _text("rule"), _json("clauses")),
        *(_number("severity"), _number("status"), _text("concern"), _json("evidence"), _json("names")),
        *(_json("messages"), _json("characteristics")),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("findings_by_case", "findings", ["community", "case", "step"])
    op.create_table(
        "strikes",
        *(_text("community"), _number("case"), _text("platform"), _text("author"), _number("severity")),
        *(_moment("given_at"), _text("state")),
        sa.PrimaryKeyConstraint("community", "case"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("strikes_by_author", "strikes", ["community", "platform", "author", "given_at"])
    op.create_table(
        "sanctions",
        *(_text("community"), _number("case"), _text("kind"), _text("platform"), _text("server"), _text("author")),
        *(_moment("until"), _text("state")),
        sa.PrimaryKeyConstraint("community", "case", "kind"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("sanctions_by_author", "sanctions", ["community", "platform", "author", "state", "until"])
    op.create_index("sanctions_by_end", "sanctions", ["community", "state", "until"])


def _outbox() -> None:
    """What is to be done, and what members read."""
    op.create_table(
        "actions",
        *(_id(), _text("community"), _text("key"), _number("case"), _number("step"), _text("kind")),
        *(_text("platform"), _text("server"), _text("room"), _text("target"), _text("message"), _maybe("until")),
        *(_text("text"), _text("state"), _number("attempts"), _moment("committed_at"), _moment("due_at")),
        *(_maybe("performed_at"), _text("reference"), _text("detail"), _text("error")),
        sa.UniqueConstraint("key", name="actions_key"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("actions_by_case", "actions", ["community", "case", "step"])
    op.create_index("actions_by_due", "actions", ["community", "state", "due_at"])
    op.create_index("actions_by_kind", "actions", ["community", "kind", "committed_at"])
    op.create_table(
        "notices",
        *(_text("community"), _number("case"), _number("step"), _text("platform"), _text("account"), _text("text")),
        *(_text("state"), _moment("committed_at"), _maybe("tried_at"), _maybe("delivered_at")),
        sa.PrimaryKeyConstraint("community", "case", "step", "account"),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )


def _people() -> None:
    """What people ask and decide."""
    op.create_table(
        "reports",
        *(_id(), _text("community"), sa.Column("case", sa.Integer(), nullable=True), _text("platform")),
        *(_text("room"), _text("message"), _text("author"), _text("reporter"), _text("text"), _moment("reported_at")),
        *(_text("state"), _text("answer")),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("reports_by_case", "reports", ["community", "case"])
    op.create_index("reports_by_state", "reports", ["community", "state"])
    op.create_table(
        "reviews",
        *(_id(), _text("community"), _number("case"), _number("step"), _text("moderator"), _text("decision")),
        *(_number("severity"), _text("reason"), _moment("decided_at")),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("reviews_by_case", "reviews", ["community", "case"])
    op.create_table(
        "appeals",
        *(_id(), _text("community"), _number("case"), _text("platform"), _text("account"), _text("text")),
        *(_text("state"), _moment("appealed_at"), _maybe("answer_by"), _text("decided_by"), _maybe("decided_at")),
        *(_text("reason"),),
        sa.ForeignKeyConstraint(["community", "case"], ["cases.community", "cases.number"]),
    )
    op.create_index("appeals_by_case", "appeals", ["community", "case"])
    op.create_index("appeals_by_state", "appeals", ["community", "state", "answer_by"])
    op.create_table(
        "no_contact",
        *(_text("community"), _text("platform"), _text("target"), _text("author"), _moment("requested_at")),
        sa.PrimaryKeyConstraint("community", "platform", "target", "author"),
    )


def _records() -> None:
    """Policies, the audit trail, counters."""
    op.create_table(
        "policies",
        *(_text("community"), _text("hash"), _text("source"), _moment("first_used_at")),
        sa.PrimaryKeyConstraint("community", "hash"),
    )
    op.create_table(
        "checks",
        *(_text("community"), _text("policy_hash"), _text("model_hash"), _text("code_hash"), _flag("passed")),
        *(_moment("at"),),
        sa.PrimaryKeyConstraint("community", "policy_hash", "model_hash", "code_hash"),
    )
    op.create_table(
        "audit",
        *(_text("community"), _number("sequence"), _moment("at"), _text("kind"), _number("case"), _number("step")),
        *(_text("action_key"), _text("digest"), _text("previous"), _text("hash")),
        sa.PrimaryKeyConstraint("community", "sequence"),
    )
    op.create_index("audit_by_case", "audit", ["community", "case"])
    op.create_index("audit_performed_once", "audit", ["action_key"], unique=True, sqlite_where=sa.text("kind = 'performed'"))
    op.create_table(
        "audit_values",
        *(_text("community"), _number("sequence"), _text("salt"), _text("values")),
        sa.PrimaryKeyConstraint("community", "sequence"),
    )
    op.create_table(
        "counters",
        *(_text("community"), _text("name"), _number("value")),
        sa.PrimaryKeyConstraint("community", "name"),
    )
