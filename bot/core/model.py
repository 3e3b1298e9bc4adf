"""The words of Steward as frozen data.

Knows: what a message, a context, a finding, a verdict, a case and an action are made of.
Must not know: platforms, the database, the clock, how anything is measured or decided.
Rules: every value is immutable; times are aware datetimes; ids are strings; a missing measurement is a third answer, never zero.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What an account did in a room."""

    SAID = "said"
    EDITED = "edited"
    SHARED = "shared"
    REACTED = "reacted"
    JOINED = "joined"
    BLOCKED = "blocked"


class Role(StrEnum):
    """What part one text plays in a message."""

    SAID = "said"
    QUOTED = "quoted"
    SHARED = "shared"
    JOINED = "joined"


class Status(IntEnum):
    """Of a rule or (shadow, enforce) of a community; the weaker of the two counts, so they are ordered."""

    OFF = 0
    SHADOW = 1
    REVIEW = 2
    ENFORCE = 3

    def __str__(self) -> str:
        return self.name.lower()


class Severity(IntEnum):
    """How grave a breach of a rule is."""

    MINOR = 1
    MEDIUM = 2
    SERIOUS = 3
    GRAVE = 4

    def __str__(self) -> str:
        return self.name.lower()


class Concern(StrEnum):
    """The kinds of finding for which fairness rules differ (DESIGN.md sections 2 and 5).

    `welfare`: somebody may need help, so the message is never held against them. `child`: a member known to be under 18.
    """

    NONE = "none"
    THREAT = "threat"
    SLUR = "slur"
    PRIVATE_INFORMATION = "private_information"
    WELFARE = "welfare"
    CHILD = "child"


class Private(StrEnum):
    """Kinds of private details that can be known by their form."""

    BANK = "bank"
    IDENTITY = "identity"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    CAR = "car"


class ActionKind(StrEnum):
    """What Steward can do. The bot never kicks or bans."""

    NUDGE = "nudge"
    WARN = "warn"
    NOTIFY = "notify"
    HIDE = "hide"
    MUTE = "mute"
    ESCALATE = "escalate"
    URGENT = "urgent"
    UNHIDE = "unhide"
    UNMUTE = "unmute"
    UPDATE = "update"
    TELL = "tell"


TOLD = frozenset({ActionKind.NUDGE, ActionKind.WARN, ActionKind.NOTIFY})
"""Actions that are themselves what the member reads."""
CALLS = frozenset({ActionKind.ESCALATE, ActionKind.URGENT})
"""Actions that call the moderators: they post the case's card, or edit it where it stands already."""
CARDS = frozenset({*CALLS, ActionKind.UPDATE})
"""Actions on the case's card. `update`: the card stands and is edited in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Something that a message passes on: a forward, a link, an embed, an attachment.

    `domain` is the registered domain of the link ("example.org"), `account` the account on a large social site
    ("x.com/somebody"); both are named by the service before the core sees them, empty where there is none.
    """

    text: str = ""
    link: str = ""
    domain: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that a message carries, without its bytes: its id on the platform, its content type, its length in bytes.

    `spoiler`: the author put it behind a spoiler. `link` is where the platform fetches it: it is compared, shown and kept nowhere.
    """

    id: str
    kind: str = ""
    length: int = 0
    spoiler: bool = False
    link: str = field(default="", compare=False, repr=False, metadata={"kept": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a library saw of an image: its perceptual hash, 64 hexadecimal digits, or in `missing` why there is none."""

    hash: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What an account did in a room. Identity: community, platform, room, id, version (the hash of its text).

    `account_created_at`: when the account was made; `joined_at`: when it came to this server. None where that is not known.
    """

    community: str
    platform: str
    server: str = ""
    room: str
    id: str
    author: str
    text: str
    sent_at: datetime
    kind: Kind = Kind.SAID
    thread: str = ""
    reply_to: str = ""
    reply_author: str = ""
    mentions: tuple[str, ...] = ()
    shares: tuple[Shared, ...] = ()
    images: tuple[Image, ...] = ()
    account_created_at: datetime | None = None
    joined_at: datetime | None = None

    def __post_init__(self) -> None:
        assert self.sent_at.tzinfo is not None, "times are aware"

    @property
    def version(self) -> str:
        """Hash of what was written and passed on, 16 hexadecimal digits."""
        parts = [self.text, *(part for share in self.shares for part in (share.text, share.link)), *(one.id for one in self.images)]
        return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def came_at(self) -> datetime | None:
        """Since when the account can have been here; None where that is not known."""
        return max((moment for moment in (self.account_created_at, self.joined_at) if moment), default=None)

    @property
    def addressed(self) -> tuple[str, ...]:
        """Whom it mentions or answers, never the author."""
        return tuple(dict.fromkeys(one for one in (*self.mentions, self.reply_author) if one and one != self.author))

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """What makes this message the same message when it comes again."""
        return (self.community, self.platform, self.room, self.id, self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One text of a message with its role. `start` is where it begins in the message's text (said and quoted), else -1.

    `seams`: in a joined text, the places of the blanks at which one message ends and the next begins.
    """

    role: Role
    text: str
    start: int = -1
    seams: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The scores of one segment, label -> 0..1. `missing` says why some are not known: "" when all are.

    A text that was too long has the highest score of the windows that were read *and* a reason: what was read counts,
    what was not read never clears.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A private detail and where it stands in its segment: a bank account, an NI or NHS number, an address, a phone number ..."""

    kind: Private
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What libraries found in one segment before the core sees it: details, and its language where that is surely a foreign one.

    `language` is an ISO 639-1 code, "" where the text may well be in one of the policy's languages.
    """

    details: tuple[Detail, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A message of the last ten minutes in the same room. Lives in memory only.

    `addressed`: whom it mentions or answers; `came_at`: see Message.
    """

    id: str
    author: str
    text: str
    sent_at: datetime
    thread: str = ""
    addressed: tuple[str, ...] = ()
    came_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One account addressed another: kept for 90 days, without text.

    `hostility` is a band, 0 none · 1 heated · 2 hostile · 3 abusive. `objects`: the author told the target to stop.
    `answered`: the author was answering a message of the target. `direct`: the author turned to the target, who is not merely
    named or one of many: what a no-contact request covers.
    """

    author: str
    target: str
    room: str
    message: str
    sent_at: datetime
    hostility: int = 0
    objects: bool = False
    answered: bool = False
    thread: str = ""
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoContact:
    """`requester` asked that `other` leave them alone. It binds from `told_at` (None: nobody told them) to `until`."""

    requester: str
    other: str
    requested_at: datetime
    told_at: datetime | None = None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Liked:
    """The message found hateful under which a reaction still stands, so long after its author was told in private.

    `times`: how often the account has left one standing so within the time in which strikes count, this one included.
    """

    message: str
    case: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that the judge may know besides the message.

    `scores` stand in the order of `texts_to_score`, and so do `facts` (None: nobody looked, which never clears).
    `recent` holds the last ten minutes of the room, oldest first, without
    the message itself; `found` the ids of those that have a finding. `contacts` holds the rows of 90 days between the author
    and those the message addresses, both directions, oldest first. `people` maps a folded display name to an account.
    `requests` are the no-contact requests of those it addresses about the author that are in force. `account_messages` is how many
    messages the account has written before, None where it is not new or nobody counts. `given` holds those of `people` by which
    members say that others call them, each as this message writes it. `images` stand in the order of the message's (None: nobody
    looked, which never clears).
    `liked` is known of a reaction alone, and only when it is looked at again; None for all else.
    """

    scores: tuple[Scored, ...] = ()
    facts: tuple[Facts, ...] | None = None
    recent: tuple[Recent, ...] = ()
    found: frozenset[str] = frozenset()
    contacts: tuple[Contact, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    office_holders: frozenset[str] = frozenset()
    requests: tuple[NoContact, ...] = ()
    account_messages: int | None = None
    under_18: frozenset[str] = frozenset()
    given: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Seen, ...] | None = None
    liked: Liked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words as they were really written, where they stand in the segment, and whether a notice must mask them."""

    text: str
    start: int
    end: int
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one signal measured: enough to explain the finding, and to measure it again."""

    signal: str
    role: Role = Role.SAID
    words: tuple[Words, ...] = ()
    label: str = ""
    value: float | None = None
    people: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule broken by one anchor message. `names` are the accounts it is about, `messages` what else it rests on."""

    rule: str
    clauses: tuple[str, ...]
    severity: Severity
    status: Status
    concern: Concern = Concern.NONE
    evidence: tuple[Evidence, ...] = ()
    names: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    characteristics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """A rule that could not be judged and why: time_out · failure · too_long · language · image_…. Never fine."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All findings for one message, what stayed unjudged, and the contact rows that the message leaves behind."""

    message: Message
    segments: tuple[Segment, ...] = ()
    scores: tuple[Scored, ...] = ()
    findings: tuple[Finding, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    contacts: tuple[Contact, ...] = ()


class StrikeState(StrEnum):
    """A strike is provisional until a moderator upholds it; it lapses undecided, or is removed when a case is dismissed."""

    PROVISIONAL = "provisional"
    UPHELD = "upheld"
    LAPSED = "lapsed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One episode on a member's record."""

    case: int
    severity: Severity
    given_at: datetime
    state: StrikeState = StrikeState.PROVISIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something to be done, exactly once. Key: community, case number, step number in the case, kind.

    Case 0 is no case: what people are told who are in none (a no-contact request, help for somebody who was attacked), and
    `tell`, what the moderators are told outside any case. Its step is a number of its own.

    `target` is the account it is done to or the member who reads it, `message` what it hides, `until` the end of a mute,
    `text` what is read: the notice, or the card. `news` is one line for the moderators' discussion of the case. `card` is where
    the case's card stands, named by the outbox when the action is performed: "" while there is none.
    """

    community: str
    case: int
    step: int
    kind: ActionKind
    platform: str
    server: str = ""
    room: str = ""
    target: str = ""
    message: str = ""
    until: datetime | None = None
    text: str = ""
    news: str = ""
    card: str = ""

    @property
    def key(self) -> str:
        """The same for the same action, whoever asks and however often."""
        return f"{self.community}/{self.case}/{self.step}/{self.kind}"


class CaseState(StrEnum):
    """The life of a case; the allowed transitions are the table in core/cases.py."""

    OPEN = "open"
    UPHELD = "upheld"
    CHANGED = "changed"
    DISMISSED = "dismissed"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """What the core needs to know of a case that is there: its latest breach, its answers, when its notice was tried.

    `answer` is the strongest answer given to the member so far; `steps` the number of the last step.
    """

    number: int
    author: str
    room: str
    thread: str
    platform: str = ""
    server: str = ""
    state: CaseState = CaseState.OPEN
    severity: Severity = Severity.MINOR
    opened_at: datetime
    last_at: datetime
    steps: int = 0
    answered: int = 0
    notice_first_at: datetime | None = None
    notice_tried_at: datetime | None = None
    hidden: tuple[str, ...] = ()
    muted_until: datetime | None = None
    names: tuple[str, ...] = ()
    decided_by: str = ""


def recent_of(message: Message) -> Recent:
    """What is remembered of a message for ten minutes."""
    return Recent(
        id=message.id,
        author=message.author,
        text=message.text,
        sent_at=message.sent_at,
        thread=message.thread,
        addressed=message.addressed,
        came_at=message.came_at,
    )


MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EPOCH_GAP = 60 * MINUTE
REQUEST_HOLDS = 90 * DAY
"""How long a no-contact request holds unless it is renewed."""
