"""A small party chat in the terminal: a sample to watch, and then you talk in it yourself.

Knows: the service, the commands, how to show things. Must not know: rules, the store.
Rules: without a terminal it plays the sample, reads what was piped in and ends; colours only on a terminal; what Steward says
privately is marked with whom it says it to; what is shown is visible: nobody's words can move the cursor or pass for a line of Steward's.
"""

import asyncio
import json
import re
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import resources

from rich.console import Console as Screen
from rich.padding import Padding
from rich.text import Text

from bot.commands import Asker, Desk
from bot.core.model import CALLS, Action, ActionKind, Image, Message
from bot.core.naming import one_line, plain
from bot.ports import Accept, Capabilities, Performed, PlatformRefusedError, Repeat
from bot.replay import Line, message_of
from bot.service import Outcome, Service

NAME = "terminal"
ROOM = "branch"
MENTIONED = re.compile(r"(?<![\w@])@([\w.-]*\w)")
INTRODUCTION = (
    "You are {who}. Type a message, or:  /as NAME  talk as somebody else   /help  all commands   /quit  leave\n"
    "Moderators here: {moderators}. A moderator can use /cases, /case 1, /dismiss 1 and so on."
)
HERE = "Only in this chat:\n/as NAME  talk as somebody else\n/quit  leave"
AS = re.compile(r"as\s+@?(?P<name>[\w.-]{1,40})|(?P<before>[\w.-]{1,40}):\s.*", re.IGNORECASE)
"""What looks like an attempt to talk as somebody else."""


class Terminal:
    """A platform whose rooms are the terminal; everything Steward does is shown, nothing leaves the machine."""

    name = NAME

    def __init__(self, screen: Screen, *, community: str) -> None:
        self.screen, self._community = screen, community
        self._authors: dict[str, str] = {}
        self._count = 0

    @property
    def capabilities(self) -> Capabilities:
        """Everything is shown, nothing is repeated."""
        return Capabilities(repeats=dict.fromkeys(ActionKind, Repeat.IDEMPOTENT))

    async def listen(self, accept: Accept) -> None:
        """Hand over the sample."""
        for line in sample(datetime.now(UTC)):
            message = self.message(line)
            self.say(message)
            await accept(message)

    async def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        """A fresh chat has none."""
        del room, after
        for _ in ():
            yield []

    async def read(self, room: str, message_id: str) -> Message | None:
        """Nothing is kept."""
        del room, message_id
        return None

    def message(self, line: Line) -> Message:
        """A line of the sample as a message."""
        self._authors[line.id] = line.author
        self._count = max(self._count, int(line.id))
        return message_of(line, community=self._community, platform=NAME, authors=self._authors)

    @property
    def authors(self) -> frozenset[str]:
        """Everybody who has said something here."""
        return frozenset(self._authors.values())

    def typed(self, text: str, author: str) -> Message:
        """What somebody types, said now; "@name" mentions."""
        mentions = tuple(dict.fromkeys(MENTIONED.findall(text)))
        line = Line(id=str(self._count + 1), room=ROOM, author=author, text=text, sent_at=datetime.now(UTC), mentions=mentions)
        return self.message(line)

    async def image(self, message: Message, image: Image) -> bytes:
        """There are no images here."""
        del message, image
        raise PlatformRefusedError("there are no images here")

    async def reactions(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        """There are none here."""
        del room, message_id, wanted
        return ()

    async def perform(self, action: Action) -> Performed:
        """Show it."""
        until = f" until {action.until:%H:%M}" if action.until else ""
        if action.kind is ActionKind.UPDATE:
            if action.news:
                self.screen.print(
                    Text(f"    ⟶ Steward in the moderators' thread of case {action.case}: {plain(action.news)}", style="yellow")
                )
        elif action.kind in CALLS:
            self._show("to the moderators", plain(action.text), "red" if action.kind is ActionKind.URGENT else "yellow")
        elif action.text:
            self._show(f"privately to {one_line(action.target)}", plain(action.text), "cyan")
        else:
            self.screen.print(Text(f"    ⟶ {action.kind} {one_line(action.target)}{until}", style="magenta"))
        return Performed(reference=action.key)

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        """Show it."""
        del server, key
        self._show("to the moderators", plain(text), "yellow")

    def say(self, message: Message) -> None:
        """Show what somebody said."""
        self.screen.print(Text.assemble((f"{one_line(message.author)}: ", "bold"), one_line(message.text)))

    def answer(self, text: str) -> None:
        """Show what a command gives."""
        self._print_apart(plain(text), 4)

    def marked(self, outcome: Outcome) -> None:
        """Say where somebody spoke during a mute that is only simulated here."""
        if outcome.said_while_muted:
            self.screen.print(
                Text(f"    ({one_line(outcome.verdict.message.author)} is muted: on a real server this could not be said)", style="dim")
            )
        if outcome.verdict.unjudged:
            reasons = ", ".join(sorted({one.reason.replace("_", " ") for one in outcome.verdict.unjudged}))
            self.screen.print(Text(f"    (not fully judged: {reasons}; a moderator is to look)", style="dim"))

    def _show(self, whom: str, text: str, style: str) -> None:
        self.screen.print(Text(f"    ⟶ Steward {whom}:", style=style))
        self._print_apart(text, 8)

    def _print_apart(self, text: str, spaces: int) -> None:
        """Set a text off to the right, wrapped to a terminal's width; elsewhere lines stay whole."""
        if self.screen.is_terminal:
            self.screen.print(Padding(Text(text), (0, 2, 0, spaces)))
        else:
            self.screen.print(Text("\n".join(" " * spaces + line for line in text.splitlines())), soft_wrap=True)


def sample(now: datetime) -> list[Line]:
    """The sample conversation, as if its last message were said now."""
    text = (resources.files("bot.platforms") / "sample.jsonl").read_text(encoding="utf-8")
    lines = [Line.model_validate(json.loads(line)) for line in text.splitlines()]
    moved = now - lines[-1].sent_at
    return [line.model_copy(update={"sent_at": line.sent_at + moved}) for line in lines]


async def tell(terminal: Terminal, service: Service, message: Message) -> None:
    """Say one message and wait for what becomes of it."""
    terminal.say(message)
    service.learn(message.author, message.author)
    await service.accept(message)
    await service.drained()


AWAKE_SECONDS = 0.5
"""While nobody types the loop wakes up so often: a Ctrl-C that arrives just before it falls asleep would wait for Enter."""


async def line_typed(prompt: str) -> str:
    """The next line that somebody types. Raises EOFError at the end.

    The thread that waits for it is left behind where the wait is cut off: nobody can call it back before Enter is pressed, and a pool's
    thread would keep the whole process waiting.
    """
    loop, typed = asyncio.get_running_loop(), asyncio.Future[str]()

    def settle(line: str | None) -> None:
        if not typed.done():
            typed.set_exception(EOFError()) if line is None else typed.set_result(line)

    def wait() -> None:
        try:
            line: str | None = input(prompt)
        except (EOFError, OSError, UnicodeDecodeError):
            line = None
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, line)

    threading.Thread(target=wait, daemon=True).start()
    try:
        while not (await asyncio.wait({typed}, timeout=AWAKE_SECONDS))[0]:
            pass
        return typed.result()
    finally:
        typed.cancel()  # nobody waits for it any more


async def talk(terminal: Terminal, service: Service, desk: Desk, perform: Callable[[], Awaitable[object]]) -> None:
    """Let a person talk, as anybody, until they leave. `perform` does what a command has decided."""
    who, screen = "sam", terminal.screen
    is_shown = screen.is_terminal and sys.stdin.isatty()  # a terminal shows what is typed on it
    screen.rule("now you")
    screen.print(INTRODUCTION.format(who=who, moderators=", ".join(sorted(desk.parts.moderators))))
    while True:
        try:
            typed = (await line_typed(f"{who}> " if is_shown else "")).strip()
        except EOFError:
            return
        if not is_shown:
            screen.print(Text(f"{who}> {one_line(typed)}"))
        words = typed.split()
        command = words[0].lower() if words else ""
        if command in ("/quit", "/exit") or typed.lower() in ("quit", "exit"):
            return
        if command == "/as":
            name = words[1].removeprefix("@") if len(words) == 2 else ""  # noqa: PLR2004 - the command and one name
            who = name if re.fullmatch(r"[\w.-]{1,40}", name) else who
            screen.print(f"You are {who}." if who == name else "Write /as and one name: /as dana")
        elif command.startswith("/") or typed.lower() == "help":
            terminal.answer(await desk.ask_words(typed.lstrip("/").split(), Asker(account=who, platform=NAME, room=ROOM)))
            if command in ("/", "/help", "help"):
                terminal.answer(HERE)
            await perform()
        elif not typed:
            continue
        else:
            await tell(terminal, service, terminal.typed(typed, who))
            tried = AS.fullmatch(typed)
            name = (tried["name"] or tried["before"]).lower() if tried else who
            if name != who and name in {*desk.parts.moderators, *terminal.authors}:
                screen.print(f"({who} said that. To talk as {name}, write /as {name}.)")
