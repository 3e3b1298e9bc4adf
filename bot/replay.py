"""Transcripts through the service: what would Steward have done?

Knows: the form of a transcript, the service. Must not know: platforms, how anything is shown.
Rules: time is the transcript's; a broken line stops before anything is judged after it, with its number; every message has
exactly one outcome, in the order of the file.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TextIO

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.core.model import Finding, Kind, Message, Status
from bot.core.notices import mask
from bot.links import share_of
from bot.service import Outcome, Service

LINE_BYTES_MAX = 1_000_000
"""No platform has messages of this size: a longer line is a broken file."""

YEAR_FIRST, YEAR_LAST = 1970, 2199
"""Times of messages stay far from the first and last that a computer can write: windows and appeals are counted from them."""


class TranscriptError(Exception):
    """A transcript that cannot be read; the text has the line's number and what is wrong."""


def _aware(moment: datetime) -> datetime:
    if not YEAR_FIRST <= moment.year <= YEAR_LAST:
        message = f"no chat has this time: the year is one from {YEAR_FIRST} to {YEAR_LAST}"
        raise ValueError(message)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]
Id = Annotated[str, Field(min_length=1, max_length=200)]


class SharedLine(BaseModel):
    """Something passed on: a text, a link, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = ""
    link: str = ""


class Line(BaseModel):
    """One line of a transcript."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    room: Id
    author: Id
    text: str
    sent_at: Moment
    mentions: tuple[Id, ...] = ()
    reply_to: str = ""
    shares: tuple[SharedLine, ...] = ()
    thread: str = ""


def read_line(text: str, where: str) -> Line:
    """Read one line of JSON. Raises TranscriptError with one line that says what to do."""
    try:
        return Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ") + (": write it in quotation marks" if first["type"] == "string_type" else "")
        detail = f"{name}: {said}" if name else said
        message = f"{where}: {detail}; a line is {{id, room, author, text, sent_at}} with optional mentions, reply_to, shares, thread"
        raise TranscriptError(message) from error


def read_transcript(path: Path) -> Iterator[Line]:
    """Read a transcript line by line. Raises TranscriptError at the first broken line, or where nothing is there."""
    count = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                where = f"{path}:{number}"
                if len(raw) > LINE_BYTES_MAX:
                    message = f"{where}: longer than {LINE_BYTES_MAX:,} bytes: no message is that long"
                    raise TranscriptError(message)
                try:
                    text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                except UnicodeDecodeError as error:
                    message = f"{where}: byte {error.start + 1} is not UTF-8: save the file as UTF-8"
                    raise TranscriptError(message) from error
                if text:
                    count += 1
                    yield read_line(text, where)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise TranscriptError(message) from error
    if not count:
        message = f"{path} has no messages: a transcript has one JSON object a line"
        raise TranscriptError(message)


def message_of(line: Line, *, community: str, platform: str, authors: Mapping[str, str]) -> Message:
    """A transcript's line as a message; `authors` (message id -> author) tells who is answered."""
    return Message(
        community=community,
        platform=platform,
        room=line.room,
        id=line.id,
        author=line.author,
        text=line.text,
        sent_at=line.sent_at,
        kind=Kind.SHARED if line.shares and not line.text else Kind.SAID,
        thread=line.thread,
        reply_to=line.reply_to,
        reply_author=authors.get(line.reply_to, ""),
        mentions=line.mentions,
        shares=tuple(share_of(share.text, share.link) for share in line.shares),
    )


@dataclass(slots=True)
class Summary:
    """What a replay found. `findings` counts by rule and status, `flagged` the messages with a finding in review or enforce."""

    messages: int = 0
    flagged: int = 0
    unjudged: int = 0
    muted: int = 0
    findings: Counter[tuple[str, Status]] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    cases: set[int] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        """Count one message."""
        self.messages += 1
        self.unjudged += bool(outcome.verdict.unjudged)
        self.muted += outcome.said_while_muted
        self.flagged += any(finding.status >= Status.REVIEW for finding in outcome.verdict.findings)
        self.findings.update((finding.rule, finding.status) for finding in outcome.verdict.findings)
        if outcome.response:
            self.actions.update(str(action.kind) for action in outcome.response.actions)
            self.cases.add(outcome.response.case.number)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """One message's outcome: id, findings, unjudged, actions."""
    actions = [str(action.kind) for action in outcome.response.actions] if outcome.response else []
    line: dict[str, Any] = {
        "id": outcome.verdict.message.id,
        "findings": [finding_json(finding) for finding in outcome.verdict.findings],
        "unjudged": [{"rule": one.rule, "reason": one.reason} for one in outcome.verdict.unjudged],
        "actions": actions,
    }
    if outcome.response:
        line["case"] = outcome.response.case.number
    if outcome.said_while_muted:
        line["said_while_muted"] = True
    return line


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding with its evidence."""
    return {
        "rule": finding.rule,
        "clause": ", ".join(finding.clauses),
        "severity": str(finding.severity),
        "status": str(finding.status),
        "evidence": [
            {
                "signal": one.signal,
                "role": str(one.role),
                **({"label": one.label, "score": round(one.value, 4)} if one.label and one.value is not None else {}),
                **({"count": int(one.value)} if not one.label and one.value is not None else {}),
                **({"words": [mask(w.text) if one.signal == "private_information" else w.text for w in one.words]} if one.words else {}),
                **({"people": list(one.people)} if one.people else {}),
                **({"messages": list(one.messages)} if one.messages else {}),
            }
            for one in finding.evidence
        ],
    }


async def replay(
    lines: Iterator[Line], service: Service, outcomes: asyncio.Queue[Outcome], *, out: TextIO | None, tick: Callable[[int], None]
) -> Summary:
    """Send every line through the service and sum up; `out` gets a line of JSON per message, `tick` the count so far."""
    summary = Summary()
    authors: dict[str, str] = {}
    seen: set[tuple[str, ...]] = set()
    sent = 0

    async def take() -> None:
        outcome = await _next(outcomes, service)
        summary.add(outcome)
        if out:
            out.write(json.dumps(as_json(outcome), ensure_ascii=False) + "\n")
        tick(summary.messages)

    for line in lines:
        authors[line.id] = line.author
        message = message_of(line, community=service.community, platform="replay", authors=authors)
        if message.identity in seen:
            continue  # the same message once more: the service judges it once
        seen.add(message.identity)
        service.learn(line.author, line.author)
        await service.accept(message)
        sent += 1
        while sent - summary.messages > IN_FLIGHT_MAX:
            await take()
    while summary.messages < sent:
        await take()
    return summary


async def _next(outcomes: asyncio.Queue[Outcome], service: Service) -> Outcome:
    """The next outcome; raises what ended the service, should it end."""
    if not outcomes.empty():
        return outcomes.get_nowait()
    getting = asyncio.create_task(outcomes.get())
    service.ended.add_done_callback(lambda _: getting.cancel())
    try:
        return await getting
    except asyncio.CancelledError:
        if service.ended.done() and not service.ended.cancelled():
            service.ended.result()
        raise


IN_FLIGHT_MAX = 256
"""Messages on their way at once: enough to keep the scorer's workers busy."""
