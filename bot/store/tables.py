"""The tables of the record, and how a moment is stored.

Knows: names, keys and indexes. Must not know: what anything means, who asks for it.
Rules: every table carries its community; a moment is a whole number of microseconds since 1970 (UTC), so that it sorts and
compares exactly; ids are text; a change here needs a new file under migrations/versions, and a test compares the two.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """A moment as it is stored. The moment is aware."""
    assert moment.tzinfo is not None, "times are aware"
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(stored: int) -> datetime:
    """A stored moment, in UTC."""
    return EPOCH + stored * MICROSECOND


class Moment(TypeDecorator[datetime]):
    """An aware datetime outside, microseconds inside."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - theirs
        """On the way in."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - theirs
        """On the way out."""
        return None if value is None else from_microseconds(value)


class Written(TypeDecorator[str]):
    """Text as people wrote it. Half a surrogate pair cannot be stored: the replacement character stands for it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - theirs
        """On the way in."""
        if value is None or value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _written(name: str) -> Column[str]:
    return Column(name, Written, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("0"))


def _moment(name: str) -> Column[datetime]:
    return Column(name, Moment, nullable=False)


def _maybe(name: str) -> Column[datetime]:
    return Column(name, Moment, nullable=True)


def _json(name: str) -> Column[Any]:
    return Column(name, JSON, nullable=False)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _of_case(name: str = "case") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community", name], ["cases.community", "cases.number"])


communities = Table(
    "communities",
    metadata,
    *(_text("community"), _moment("first_seen_at"), _text("mode"), _text("policy"), _maybe("alive_at")),
    PrimaryKeyConstraint("community"),
)
"""`mode` and `policy` are empty until somebody sets them up: the environment's count. `alive_at`: when the service last said so."""

servers = Table(
    "servers",
    metadata,
    *(_text("community"), _text("platform"), _text("server"), _moment("first_seen_at"), _written("name")),
    *(_text("escalation_channel"), _text("moderator_role"), _flag("set_up")),
    PrimaryKeyConstraint("community", "platform", "server"),
    Index("servers_once", "platform", "server", unique=True),
)

members = Table(
    "members",
    metadata,
    *(_text("community"), _text("member"), _moment("first_seen_at")),
    PrimaryKeyConstraint("community", "member"),
)

accounts = Table(
    "accounts",
    metadata,
    *(_text("community"), _text("platform"), _text("account"), _text("member"), _moment("linked_at")),
    PrimaryKeyConstraint("community", "platform", "account"),
    ForeignKeyConstraint(["community", "member"], ["members.community", "members.member"]),
    Index("accounts_by_member", "community", "member"),
)

link_codes = Table(
    "link_codes",
    metadata,
    *(_text("community"), _text("digest"), _text("platform"), _text("account"), _moment("made_at")),
    PrimaryKeyConstraint("community", "digest"),
    Index("link_codes_by_account", "community", "platform", "account"),
)
"""Codes that wait to be typed on another platform; the code itself is not kept. A used one is deleted."""

link_tries = Table(
    "link_tries",
    metadata,
    *(_id(), _text("community"), _text("platform"), _text("account"), _moment("tried_at")),
    Index("link_tries_by_account", "community", "platform", "account", "tried_at"),
)
"""Codes asked for and typed, for an hour: so that nobody guesses."""

rooms = Table(
    "rooms",
    metadata,
    *(_text("community"), _text("platform"), _text("room"), _text("cursor"), _text("newest_seen"), _moment("first_seen_at")),
    PrimaryKeyConstraint("community", "platform", "room"),
)

contacts = Table(
    "contacts",
    metadata,
    *(_text("community"), _text("platform"), _text("author"), _text("target"), _text("message"), _text("room")),
    *(_moment("sent_at"), _number("hostility"), _flag("objects"), _flag("answered"), _text("thread"), _flag("direct")),
    PrimaryKeyConstraint("community", "platform", "author", "target", "message"),
    Index("contacts_by_time", "community", "platform", "author", "target", "sent_at"),
)
Index(
    "contacts_by_target",
    *(contacts.c[name] for name in ("community", "platform", "target", "sent_at")),
    sqlite_where=contacts.c.hostility > text("1"),
)
"""A query of both directions asks for (a, b) and (b, a): one index serves them."""

cases = Table(
    "cases",
    metadata,
    *(_text("community"), _number("number"), _text("platform"), _text("server"), _text("author"), _text("room")),
    *(_text("thread"), _text("state"), _number("severity"), _moment("opened_at"), _moment("last_at"), _number("steps")),
    *(_number("answered"), _maybe("notice_first_at"), _maybe("notice_tried_at"), _maybe("muted_until"), _json("hidden")),
    *(_json("names"), _text("decided_by"), _maybe("decided_at"), _text("decision"), _written("reason"), _flag("collects")),
    *(Column("late_seconds", Float, nullable=True), _text("mode"), _text("policy_hash"), _text("model_hash"), _text("code_hash")),
    PrimaryKeyConstraint("community", "number"),
    Index("cases_by_author", "community", "platform", "author", "state", "last_at"),
    Index("cases_by_state", "community", "state", "opened_at"),
)

case_messages = Table(
    "case_messages",
    metadata,
    *(_id(), _text("community"), _number("case"), _number("step"), _text("platform"), _text("room"), _text("message")),
    *(_text("version"), _text("author"), _moment("sent_at"), _written("text"), _json("whole"), _json("segments")),
    *(_json("scores"), _json("context"), _written("note")),
    UniqueConstraint("community", "platform", "room", "message", "version", name="case_messages_identity"),
    _of_case(),
    Index("case_messages_by_case", "community", "case", "step"),
)
"""`whole` is the message as it was judged, exactly; `text` is for people."""

findings = Table(
    "findings",
    metadata,
    *(_id(), _text("community"), _number("case"), _number("step"), _text("rule"), _json("clauses"), _number("severity")),
    *(_number("status"), _text("concern"), _json("evidence"), _json("names"), _json("messages"), _json("characteristics")),
    _of_case(),
    Index("findings_by_case", "community", "case", "step"),
)

strikes = Table(
    "strikes",
    metadata,
    *(_text("community"), _number("case"), _text("platform"), _text("author"), _number("severity"), _moment("given_at")),
    _text("state"),
    PrimaryKeyConstraint("community", "case"),
    _of_case(),
    Index("strikes_by_author", "community", "platform", "author", "given_at"),
)

sanctions = Table(
    "sanctions",
    metadata,
    *(_text("community"), _number("case"), _text("kind"), _text("platform"), _text("server"), _text("author")),
    *(_moment("until"), _text("state")),
    PrimaryKeyConstraint("community", "case", "kind"),
    _of_case(),
    Index("sanctions_by_author", "community", "platform", "author", "state", "until"),
    Index("sanctions_by_end", "community", "state", "until"),
)

actions = Table(
    "actions",
    metadata,
    *(_id(), _text("community"), _text("key"), Column("case", Integer, nullable=True), _number("step"), _text("kind"), _text("platform")),
    *(_text("server"), _text("room"), _text("target"), _text("message"), _maybe("until"), _written("text"), _written("news")),
    *(_text("state"), _number("attempts"), _moment("committed_at"), _moment("due_at"), _maybe("performed_at"), _text("reference")),
    *(_written("detail"), _written("error")),
    UniqueConstraint("key", name="actions_key"),
    _of_case(),
    Index("actions_by_due", "community", "state", "due_at"),
    Index("actions_by_kind", "community", "kind", "committed_at"),
    Index("actions_by_case", "community", "case", "step"),
)

notices = Table(
    "notices",
    metadata,
    *(_text("community"), _number("case"), _number("step"), _text("platform"), _text("account"), _written("text")),
    *(_text("state"), _moment("committed_at"), _maybe("tried_at"), _maybe("delivered_at")),
    PrimaryKeyConstraint("community", "case", "step", "account"),
    _of_case(),
)

reports = Table(
    "reports",
    metadata,
    *(_id(), _text("community"), Column("case", Integer, nullable=True), _text("platform"), _text("room"), _text("message")),
    *(_text("author"), _text("reporter"), _written("text"), _moment("reported_at"), _text("state"), _written("answer")),
    *(_text("kind"), _text("letter"), _maybe("told_at")),
    _of_case(),
    Index("reports_by_case", "community", "case"),
    Index("reports_by_state", "community", "state"),
    Index("reports_by_reporter", "community", "platform", "reporter", "state"),
)
"""`kind`: forget for a request to be forgotten, else empty. `told_at`: when the moderators' channel last heard of it. `letter`: key of the
answer that the reporter got."""

reviews = Table(
    "reviews",
    metadata,
    *(_id(), _text("community"), _number("case"), _number("step"), _text("moderator"), _text("decision")),
    *(_number("severity"), _written("reason"), _moment("decided_at")),
    _of_case(),
    Index("reviews_by_case", "community", "case"),
)

appeals = Table(
    "appeals",
    metadata,
    *(_id(), _text("community"), _number("case"), _text("platform"), _text("account"), _written("text"), _text("state")),
    *(_moment("appealed_at"), _maybe("answer_by"), _text("decided_by"), _maybe("decided_at"), _written("reason")),
    _of_case(),
    Index("appeals_by_case", "community", "case"),
    Index("appeals_by_state", "community", "state", "answer_by"),
)

no_contact = Table(
    "no_contact",
    metadata,
    *(_text("community"), _text("platform"), _text("target"), _text("author"), _moment("requested_at"), _maybe("told_at")),
    *(_maybe("until"), _maybe("ended_at"), _text("letter")),
    PrimaryKeyConstraint("community", "platform", "target", "author"),
)
"""`target` asked, `author` is to leave them alone. `letter`: key of the notice that tells the author; "" for evidence only."""

earlier = Table(
    "earlier",
    metadata,
    *(_text("community"), Column("case", Integer, nullable=False), _number("step"), _text("platform"), _text("room"), _text("message")),
    *(_text("author"), _moment("sent_at"), _written("text"), _text("state")),
    PrimaryKeyConstraint("community", "case", "platform", "room", "message"),
    _of_case(),
    Index("earlier_by_state", "community", "state"),
)
"""Older messages that a finding rests on; their words are read from the platform when the finding is made."""

newcomers = Table(
    "newcomers",
    metadata,
    *(_text("community"), _text("platform"), _text("account"), _number("messages"), _moment("first_at")),
    PrimaryKeyConstraint("community", "platform", "account"),
)
"""How many messages new accounts have written, while they are new."""

support = Table(
    "support",
    metadata,
    *(_text("community"), _text("platform"), _text("target"), _moment("told_at"), _text("waiting")),
    PrimaryKeyConstraint("community", "platform", "target"),
)
"""About whom the moderators had a support card, when the last one was, and (JSON) which messages' words are still to follow it."""

given_names = Table(
    "given_names",
    metadata,
    *(_text("community"), _text("name"), _text("platform"), _text("account"), _written("written"), _moment("given_at")),
    PrimaryKeyConstraint("community", "name"),
    Index("given_names_by_account", "community", "platform", "account"),
)
"""Names by which members say that others call them: folded, each of one member; `written` as they typed it."""

hateful = Table(
    "hateful",
    metadata,
    *(_text("community"), Column("case", Integer, nullable=False), _text("platform"), _text("server"), _text("room"), _text("message")),
    *(_text("author"), _moment("found_at"), _number("changes"), _number("looked")),
    PrimaryKeyConstraint("community", "platform", "room", "message"),
    _of_case(),
)
"""Messages found hateful, under which reactions are looked at: again whenever `changes` has gone on since what was `looked` at."""

likes = Table(
    "likes",
    metadata,
    *(_text("community"), Column("case", Integer, nullable=False), _text("platform"), _text("server"), _text("room"), _text("message")),
    *(_text("account"), _text("reaction"), _text("letter"), _moment("noted_at"), _maybe("told_at"), _maybe("found_at"), _text("state")),
    PrimaryKeyConstraint("community", "platform", "room", "message", "account"),
    _of_case(),
    Index("likes_by_state", "community", "state", "told_at"),
    Index("likes_by_account", "community", "platform", "account", "found_at"),
)
"""Supportive reactions under such messages. `letter`: key of the private note, `told_at`: when it arrived; then the time runs."""

consents = Table(
    "consents",
    metadata,
    *(_text("community"), Column("case", Integer, nullable=False), _text("platform"), _text("server"), _text("room"), _text("message")),
    *(_text("account"), _text("role"), _moment("asked_at"), _maybe("answer_by"), _text("answer"), _maybe("answered_at")),
    PrimaryKeyConstraint("community", "case", "account"),
    _of_case(),
    Index("consents_by_answer", "community", "answer", "answer_by"),
)
"""Who was asked whether the owner of a private detail agreed (`role`: author, owner), and what they said: yes, no, none (not in time)."""

unjudged = Table(
    "unjudged",
    metadata,
    *(_text("community"), _text("platform"), _text("room"), _text("message"), _text("reason"), _moment("first_at")),
    _flag("read_again"),
    PrimaryKeyConstraint("community", "platform", "room", "message"),
)

unjudged_counts = Table(
    "unjudged_counts",
    metadata,
    *(_text("community"), _text("platform"), _text("room"), _text("day"), _text("reason"), _number("count")),
    PrimaryKeyConstraint("community", "platform", "room", "day", "reason"),
)

inbox = Table(
    "inbox",
    metadata,
    *(_text("community"), _text("event_id"), _json("payload"), _moment("received_at"), _maybe("done_at")),
    PrimaryKeyConstraint("community", "event_id"),
)

policies = Table(
    "policies",
    metadata,
    *(_text("community"), _text("hash"), _written("source"), _moment("first_used_at")),
    PrimaryKeyConstraint("community", "hash"),
)

checks = Table(
    "checks",
    metadata,
    *(_text("community"), _text("policy_hash"), _text("model_hash"), _text("code_hash"), _flag("passed"), _moment("at")),
    PrimaryKeyConstraint("community", "policy_hash", "model_hash", "code_hash"),
)

audit = Table(
    "audit",
    metadata,
    *(_text("community"), _number("sequence"), _moment("at"), _text("kind"), _number("case"), _number("step")),
    *(_text("action_key"), _text("digest"), _text("previous"), _text("hash")),
    PrimaryKeyConstraint("community", "sequence"),
    Index("audit_by_case", "community", "case"),
)
Index("audit_performed_once", audit.c.action_key, unique=True, sqlite_where=audit.c.kind == text("'performed'"))

audit_values = Table(
    "audit_values",
    metadata,
    *(_text("community"), _number("sequence"), _text("salt"), _text("values")),
    PrimaryKeyConstraint("community", "sequence"),
)
"""Erasable. The text of `values` is kept as it was digested, so that checking it needs no second encoding."""

counters = Table(
    "counters",
    metadata,
    *(_text("community"), _text("name"), _number("value")),
    PrimaryKeyConstraint("community", "name"),
)
