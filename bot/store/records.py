"""What the store gives back: rows as frozen data.

Knows: the core's words, and what is recorded besides them. Must not know: tables or statements.
Rules: times are aware datetimes; a record is what was committed, never what is wished.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.core.cases import AppealState, Decision, ReportState
from bot.core.model import Action, CaseView, Context, Finding, Message, Scored, Segment, Severity, Strike


class ActionState(StrEnum):
    """Where an action stands in the outbox; the allowed transitions are the table in store/outbox.py."""

    PENDING = "pending"
    PERFORMING = "performing"
    DONE = "done"
    MAYBE_DONE = "maybe_done"
    MANUAL = "manual"
    DROPPED = "dropped"
    SIMULATED = "simulated"


class NoticeState(StrEnum):
    """How a notice reached the member, or that it did not: a manual task."""

    WAITING = "waiting"
    DIRECT = "direct"
    THREAD = "thread"
    MANUAL = "manual"
    BY_PERSON = "by_person"


class SanctionState(StrEnum):
    """A sanction is live until its end, or until it is lifted."""

    LIVE = "live"
    ENDED = "ended"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashes:
    """What a verdict was reached with: the policy, the model, the code."""

    policy: str = ""
    model: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How far a room is judged: `cursor` is the last id with everything before it judged and committed."""

    platform: str
    room: str
    cursor: str
    newest_seen: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSetup:
    """How one Discord server or Slack workspace is run. Not `set_up`: nobody has, and the environment's defaults count.

    `escalation_channel` and `moderator_role` are names or ids, "" where none is named.
    """

    platform: str
    server: str
    community: str
    name: str = ""
    escalation_channel: str = ""
    moderator_role: str = ""
    set_up: bool = False
    first_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunitySetup:
    """How a community is run; "" where the environment's defaults count. `alive_at`: when its service last said so."""

    mode: str = ""
    policy: str = ""
    alive_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnjudgedMessage:
    """A message that failed. No text: it is read again from the platform."""

    platform: str
    room: str
    message: str
    reason: str
    first_at: datetime
    read_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """What Slack delivered and Steward has not yet judged."""

    event_id: str
    payload: Any
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMessage:
    """A message of a case with all that its verdict depended on: enough to judge it again and compare."""

    step: int
    message: Message
    segments: tuple[Segment, ...] = ()
    scores: tuple[Scored, ...] = ()
    context: Context
    note: str = ""


class EarlierState(StrEnum):
    """Whether the words of an earlier message have been read from its platform, or are gone from there."""

    WAITING = "waiting"
    READ = "read"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An older message that a finding of a case rests on. Contact rows keep no text: its words are read when the finding is made."""

    case: int
    step: int
    platform: str
    room: str
    message: str
    author: str
    sent_at: datetime
    text: str = ""
    state: EarlierState = EarlierState.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Hateful:
    """A message found hateful, of a case. `looked` < `changes`: the reactions under it are to be looked at."""

    case: int
    platform: str
    server: str
    room: str
    message: str
    author: str
    found_at: datetime
    changes: int = 1
    looked: int = 0


class ConsentRole(StrEnum):
    """Who is asked whether the owner of a private detail agreed: the author of the message, or a member who may be the owner."""

    AUTHOR = "author"
    OWNER = "owner"


class ConsentAnswer(StrEnum):
    """What they said; `waiting` until then, `none` where the policy's hours went by."""

    WAITING = ""
    YES = "yes"
    NO = "no"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Somebody was asked whether the owner of a private detail in a message agreed. `answer_by`: None where nothing hangs on it."""

    case: int
    platform: str
    server: str
    room: str
    message: str
    account: str
    role: ConsentRole
    asked_at: datetime
    answer_by: datetime | None = None
    answer: ConsentAnswer = ConsentAnswer.WAITING
    answered_at: datetime | None = None


class LikeState(StrEnum):
    """A like is noted (its author has a private note), ended (taken back, or it does not count), or found: it stood there still."""

    NOTED = "noted"
    ENDED = "ended"
    FOUND = "found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """A supportive reaction of a member under a message found hateful. `told_at`: when the private note arrived, None before."""

    case: int
    platform: str
    server: str
    room: str
    message: str
    account: str
    reaction: str
    letter: str
    noted_at: datetime
    told_at: datetime | None = None
    found_at: datetime | None = None
    state: LikeState = LikeState.NOTED


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFinding:
    """A finding and the step of its case."""

    step: int
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    """A mute that is in force or was."""

    case: int
    kind: str
    platform: str
    server: str
    author: str
    until: datetime
    state: SanctionState


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """An action and what became of it."""

    action: Action
    state: ActionState
    attempts: int
    committed_at: datetime
    due_at: datetime
    performed_at: datetime | None = None
    reference: str = ""
    detail: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a member reads, and whether it reached them."""

    case: int
    step: int
    platform: str
    account: str
    text: str
    state: NoticeState
    committed_at: datetime
    tried_at: datetime | None = None
    delivered_at: datetime | None = None


class ReportKind(StrEnum):
    """A member says that something is wrong, or asks to be forgotten."""

    WRONG = ""
    FORGET = "forget"
    FORGET_REST = "forget_rest"
    """The same, carried out but for what somebody still waits for."""
    FORGET_DONE = "forget_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A member says that something is wrong. `reporter` is sealed: never shown to the accused, nor by name to moderators.

    `letter` is the key of the notice that answered it; `told_at`: when the moderators' channel last heard of it. Who asks to be
    forgotten (`kind`) is its `author` too: such a request is not sealed.
    """

    id: int
    case: int | None
    platform: str
    room: str
    message: str
    author: str
    reporter: str
    text: str
    reported_at: datetime
    state: ReportState
    answer: str = ""
    kind: ReportKind = ReportKind.WRONG
    letter: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A moderator's decision."""

    case: int
    step: int
    moderator: str
    decision: Decision
    severity: Severity
    reason: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """The member asks again."""

    id: int
    case: int
    platform: str
    account: str
    text: str
    state: AppealState
    appealed_at: datetime
    answer_by: datetime | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One link of the chain. `values` is None where there were none, or where they have been erased (`digest` tells which)."""

    community: str
    sequence: int
    at: datetime
    kind: str
    case: int
    step: int
    action_key: str
    digest: str
    previous: str
    hash: str
    values: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first entry of a chain that is not as it was written, and what is wrong with it."""

    community: str
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetail:
    """Everything needed to show a case and to replay it."""

    case: CaseView
    collects: bool
    mode: str
    hashes: Hashes
    late: timedelta | None
    decision: str
    decided_at: datetime | None
    reason: str
    messages: tuple[CaseMessage, ...] = ()
    findings: tuple[CaseFinding, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    strike: Strike | None = None
    sanctions: tuple[Sanction, ...] = ()
    actions: tuple[OutboxRow, ...] = ()
    notices: tuple[Notice, ...] = ()
    reports: tuple[Report, ...] = ()
    reviews: tuple[Review, ...] = ()
    appeals: tuple[Appeal, ...] = ()
    consents: tuple[Consent, ...] = ()
    history: tuple[AuditEntry, ...] = ()

    def found_by(self, chosen: Callable[[str], bool]) -> list[Message]:
        """The messages in which one of the chosen rules found something."""
        steps = {one.step for one in self.findings if chosen(one.finding.rule)}
        return [one.message for one in self.messages if one.step in steps]
