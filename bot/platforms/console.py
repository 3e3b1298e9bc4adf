"""The console: a chat in two files, or in the terminal.

Knows: lines of JSON. Must not know: rules, the store, other platforms.
Rules: what was said stands in one file that only grows; what was performed goes into another, one line per action, and an
action whose key stands there is not performed again. With it the whole way of a message can be tested by killing the process.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from bot.core.model import Action, ActionKind, Image, Message
from bot.core.naming import plain
from bot.ports import Accept, Capabilities, Performed, PlatformRefusedError, PlatformUnavailableError, Repeat
from bot.replay import TranscriptError, message_of, read_line

PAGE = 100
POLL_SECONDS = 0.05
BEGINNING = b'{"key": "'
"""How each line of what was done begins."""
END = '{"end": true}'
"""A line that ends the chat: the console stops listening."""


class Console:
    """A chat whose messages are lines of a file, and whose actions become lines of another."""

    name = "console"

    def __init__(self, said: Path, done: Path, *, community: str) -> None:
        """Open the two files. Raises TranscriptError where they cannot be used."""
        self._said, self._done, self._community = said, done, community
        self._authors: dict[str, str] = {}
        try:
            said.open("rb").close()
            if done.exists() and done.samefile(said):
                raise TranscriptError(f"STEWARD_CONSOLE_IN and STEWARD_CONSOLE_OUT are one file, {done}: name another for what was done")
            done.parent.mkdir(parents=True, exist_ok=True)
            done.touch()
            raw = done.read_bytes()
            self._performed = set(_keys(raw, done))
            if raw and not raw.endswith(b"\n"):
                with done.open("a", encoding="utf-8") as file:
                    file.write("\n")  # a kill in the middle of a line: the action is performed again on a line of its own
        except OSError as error:
            message = f"{error.filename} cannot be used by the console: {error.strerror}"
            raise TranscriptError(message) from error

    @property
    def capabilities(self) -> Capabilities:
        """Everything, and everything once."""
        return Capabilities(repeats=dict.fromkeys(ActionKind, Repeat.IDEMPOTENT))

    async def listen(self, accept: Accept) -> None:
        """Hand over every line of the file, waiting for more until the end line."""
        with self._said.open(encoding="utf-8", errors="replace") as file:
            number, rest = 0, ""
            while True:
                line = file.readline()
                rest += line
                if not rest.endswith("\n"):
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                number, text, rest = number + 1, rest.strip(), ""
                if text == END:
                    return
                if text:
                    await accept(self._message(text, number))

    async def history(self, room: str, after: str) -> AsyncIterator[Sequence[Message]]:
        """What was said in a room after an id, oldest first."""
        page: list[Message] = []
        lines = self._said.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, text in enumerate(lines, start=1):
            if not text.strip() or text.strip() == END:
                continue
            message = self._message(text, number)
            if message.room == room and order(message.id) > order(after):
                page.append(message)
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page

    async def read(self, room: str, message_id: str) -> Message | None:
        """The line with that id."""
        async for page in self.history(room, ""):
            for message in page:
                if message.id == message_id:
                    return message
        return None

    async def image(self, message: Message, image: Image) -> bytes:
        """There are no images here."""
        del message, image
        raise PlatformRefusedError("there are no images here")

    async def reactions(self, room: str, message_id: str, wanted: Callable[[str], bool]) -> Sequence[Message] | None:
        """There are none here."""
        del room, message_id, wanted
        return ()

    async def perform(self, action: Action) -> Performed:
        """Write the action down, once."""
        return await self._write(action, action.key)

    async def _write(self, action: Action, key: str) -> Performed:
        if key in self._performed:
            return Performed(reference=key, detail="already so")
        line = {
            "key": key,
            "kind": str(action.kind),
            "case": action.case,
            "step": action.step,
            "room": action.room,
            "target": action.target,
            "message": action.message,
            "until": action.until.isoformat() if action.until else None,
            "text": plain(action.text),
            "news": plain(action.news),
        }
        try:
            with self._done.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise PlatformUnavailableError(f"{self._done} cannot be written: {error.strerror}") from error
        self._performed.add(key)
        return Performed(reference=key)

    async def tell_moderators(self, server: str, text: str, key: str) -> None:
        """Written down like an action, once."""
        told = Action(community=self._community, case=0, step=0, kind=ActionKind.TELL, platform=self.name, server=server, text=text)
        await self._write(told, key)

    def _message(self, text: str, number: int) -> Message:
        line = read_line(text, f"{self._said}:{number}")
        self._authors[line.id] = line.author
        return message_of(line, community=self._community, platform=self.name, authors=self._authors)


def _keys(raw: bytes, path: Path) -> Iterator[str]:
    """The keys of the actions in a file that this console wrote. Raises TranscriptError at a line that it never wrote."""
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not (line.startswith(BEGINNING) or BEGINNING.startswith(line)):
            raise TranscriptError(f"{path}:{number}: this is no line of what Steward has done: name another file in STEWARD_CONSOLE_OUT")
        try:
            yield str(json.loads(line)["key"])
        except ValueError:
            continue  # a line that was cut off by a kill


def order(message_id: str) -> tuple[int, str]:
    """Ids in order: numbers by size, timestamps by time."""
    return (len(message_id), message_id)
