"""What Steward asks of the outside world: a platform, a scorer, a clock.

Knows: the shape of those three. Must not know: any of their implementations.
Rules: a platform translates and performs, it never judges; a scorer turns one text into scores; a clock is the only source of now.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.core.model import Action, ActionKind, Image, Message, Scored


class Repeat(StrEnum):
    """What happens when an action is performed a second time; declared per platform and kind (DESIGN.md section 2)."""

    IDEMPOTENT = "idempotent"
    NONCE = "nonce"
    LOOK_FIRST = "look_first"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do here and now, and how each action repeats. A kind that is not listed is a manual task.

    `reads_reactions`: it can say which reactions stand under a message now.
    """

    repeats: Mapping[ActionKind, Repeat] = field(default_factory=dict)
    reads_reactions: bool = False

    def can(self, kind: ActionKind) -> bool:
        """Say whether this platform performs that kind of action by itself."""
        return kind in self.repeats


class PlatformUnavailableError(Exception):
    """The platform did not do it now; trying again later makes sense. `retry_seconds` where it says when."""

    def __init__(self, reason: str, *, retry_seconds: float | None = None, maybe_done: bool = False) -> None:
        super().__init__(reason)
        self.retry_seconds = retry_seconds
        self.maybe_done = maybe_done


class PlatformRefusedError(Exception):
    """The platform will not do it however often it is asked: a person has to."""


class PlatformSetupError(Exception):
    """Only the operator can mend it; the text is one line that says how."""


PRIVATE_THREAD = "private thread"
"""The `detail` of a notice that a direct message could not bring, and a private thread with the member did."""


IMAGE_BYTES_MAX = 20 * 1024 * 1024
"""Longer images are not looked at: what people send from a phone has 2 to 8 MB, and several are in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """How an action ended: a reference on the platform (a message's id) and a word for the case's history."""

    reference: str = ""
    detail: str = ""


Accept = Callable[[Message], Awaitable[None]]
"""Where a platform hands over what it received; returns once the message is in the queue or on record."""


class Platform(Protocol):
    """A chat service, or the console that stands for one."""

    name: str

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here now."""

    async def listen(self, accept: Accept) -> None:
        """Hand every new message to `accept` until there are no more or the task is cancelled."""

    def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        """Give the messages of a room after an id, oldest first, in pages."""

    async def read(self, room: str, message_id: str) -> Message | None:
        """Give one message as it is now; None where it is gone. Raises PlatformUnavailableError."""

    async def image(self, message: Message, image: Image) -> bytes:
        """Give the bytes of an image that a message carries, at most IMAGE_BYTES_MAX and one more.

        Raises PlatformUnavailableError or PlatformRefusedError.
        """

    async def reactions(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        """Give the members' reactions that stand under a message now and whose text is wanted, as messages; None where it is gone.

        Asked only where `capabilities.reads_reactions`. Raises PlatformUnavailableError or PlatformRefusedError.
        """

    async def perform(self, action: Action) -> Performed:
        """Do it. Raises PlatformUnavailableError or PlatformRefusedError; "already so" is success."""

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        """Say something outside any case in the moderators' channel of a server, once for each key where that can be had.

        Raises PlatformUnavailableError or PlatformRefusedError.
        """


class Scorer(Protocol):
    """A toxicity model."""

    labels: tuple[str, ...]
    digest: str

    async def score(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        """Score one text by itself: the result depends on the text and the weights alone. Never raises, see `missing`.

        `pointed_out` are character positions that must be read however long the text is.
        """

    def score_now(self, text: str, pointed_out: Sequence[int] = ()) -> Scored:
        """Score on this thread, without a time limit: for the command line and for a policy's examples."""

    async def close(self) -> None:
        """Let go of threads and memory."""


class Clock(Protocol):
    """Where `now` comes from."""

    def now(self) -> datetime:
        """Aware, UTC."""

    def saw(self, sent_at: datetime) -> None:
        """A message of that time is judged: a replay's clock moves there, the real one does not care."""
