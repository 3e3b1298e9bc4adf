"""Transcripts: what is read, what is refused in one line, and what comes out for each message."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Kind, Status
from bot.replay import LINE_BYTES_MAX, Line, SharedLine, Summary, TranscriptError, message_of, read_line, read_transcript, replay
from bot.service import Outcome, Service
from tests.core.policies import NOW, rule
from tests.shell.branch import INSULTING, MINOR, RULES, THREATENING, Branch, compiled


def line(number: int, text: str, *, author: str = "alex", minutes: float = 0, **more: object) -> Line:
    sent_at = NOW + timedelta(minutes=minutes)
    return Line(id=str(number), room="room", author=author, text=text, sent_at=sent_at, **more)  # type: ignore[arg-type]


async def played(branch: Branch, lines: list[Line]) -> tuple[Summary, list[dict[str, Any]]]:
    """Replay lines on a branch that is opened and does not run; gives the summary and the JSON lines."""
    outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
    out = io.StringIO()
    branch.service = Service(branch.parts, waits=True, on_outcome=outcomes.put_nowait)
    branch.run()
    async with asyncio.timeout(20):
        summary = await replay(iter(lines), branch.service, outcomes, out=out, tick=lambda _: None)
    return summary, [json.loads(one) for one in out.getvalue().splitlines()]


# What comes out.


async def test_every_message_has_one_line_in_the_order_of_the_file(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    lines = [line(number, MINOR if number % 50 == 0 else f"this is line number {number}", minutes=number) for number in range(700, 100, -1)]
    summary, shown = await played(branch, lines)
    assert [one["id"] for one in shown] == [one.id for one in lines]
    assert summary.messages == 600
    assert summary.flagged == sum(bool(one["findings"]) for one in shown) == 12


async def test_json_line_has_the_form_that_is_promised(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    branch.scorer.missing["squeamish"] = "time_out"
    lines = [line(1, "hello"), line(2, INSULTING, minutes=1), line(3, "squeamish", author="bo", minutes=2)]
    _, (plain, found, unread) = await played(branch, lines)
    assert plain == {"id": "1", "findings": [], "unjudged": [], "actions": []}
    assert list(found) == ["id", "findings", "unjudged", "actions", "case"]
    assert (found["case"], found["actions"]) == (1, ["escalate", "warn"])
    (finding,) = found["findings"]
    assert list(finding) == ["rule", "clause", "severity", "status", "evidence"]
    assert (finding["rule"], finding["clause"], finding["severity"], finding["status"]) == ("insult", "1", "medium", "enforce")
    assert {"signal": "score", "role": "said", "label": "insult", "score": 0.9} in finding["evidence"]
    assert {"rule": "threat", "reason": "time_out"} in unread["unjudged"]
    assert unread["actions"] == []


async def test_words_people_and_messages_are_evidence(fresh: Branch) -> None:
    repeats = rule("repeats", "{repeats: {at_least: 3, within: 60s}}", status="review")
    branch = await fresh.open(compiled(rules={**RULES, "repeats": repeats}), running=False)
    lines = [line(1, MINOR), line(2, f"@dana {INSULTING}", mentions=("dana",), minutes=2)]
    lines += [line(number, "again and again", author="bo", minutes=3 + number / 60) for number in (3, 4, 5)]
    _, shown = await played(branch, lines)
    evidence = [one for each in shown for finding in each["findings"] for one in finding["evidence"]]
    assert any(one.get("words") == ["clown"] for one in evidence)
    assert any("dana" in one.get("people", []) or one.get("words") for one in evidence if one["signal"] == "aimed_at")
    assert any(one.get("count") == 3 for one in evidence if one["signal"] == "repeats")


async def test_words_said_during_a_simulated_mute_are_judged_and_marked(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    lines = [line(1, THREATENING), line(2, INSULTING, minutes=2), line(3, "hello", author="bo", minutes=3)]
    summary, shown = await played(branch, lines)
    assert [one.get("said_while_muted", False) for one in shown] == [
        False,
        shown[1]["actions"] == [] or "mute" not in shown[1]["actions"],
        False,
    ]
    assert shown[1]["findings"]
    assert summary.muted == sum(one.get("said_while_muted", False) for one in shown)


async def test_summary_counts_by_rule_and_status(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    lines = [
        line(1, INSULTING),
        line(2, MINOR, author="bo", minutes=1),
        line(3, MINOR, author="cy", minutes=2),
        line(4, "hello", minutes=3),
    ]
    summary, _ = await played(branch, lines)
    assert summary.findings == {("insult", Status.ENFORCE): 1, ("clowns", Status.ENFORCE): 2}
    assert summary.actions == {"warn": 1, "escalate": 1, "nudge": 2}
    assert (summary.messages, summary.flagged, len(summary.cases)) == (4, 3, 3)


async def test_time_is_the_transcripts(fresh: Branch) -> None:
    branch = await fresh.open(running=False)
    lines = [line(number, INSULTING, minutes=number * 120) for number in (1, 2)]
    _, shown = await played(branch, lines)
    assert shown[0]["actions"] == ["escalate", "warn"]
    assert "mute" in shown[1]["actions"]
    assert branch.clock.now() == lines[-1].sent_at


async def test_line_that_stands_there_twice_is_one_message(fresh: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    branch = await fresh.open(running=False)
    wait = asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", lambda _: wait(1.0))
    _, shown = await played(branch, [line(1, "hello"), line(1, "hello"), line(2, "you there")])
    assert [one["id"] for one in shown] == ["1", "2"]


# What is read.


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
lines_of_any_kind = st.builds(
    Line,
    id=names,
    room=names,
    author=names,
    text=words,
    sent_at=moments,
    mentions=st.lists(names, max_size=3).map(tuple),
    reply_to=words,
    shares=st.lists(st.builds(SharedLine, text=words, link=words), max_size=2).map(tuple),
    thread=words,
)


@given(lines_of_any_kind)
def test_line_that_is_written_reads_back(one: Line) -> None:
    assert read_line(one.model_dump_json(), "here") == one
    assert read_line(json.dumps(one.model_dump(mode="json")), "here") == one


@given(lines_of_any_kind)
def test_line_becomes_a_message_with_all_that_it_says(one: Line) -> None:
    message = message_of(one, community="main", platform="replay", authors={"earlier": "dana"})
    assert (message.id, message.room, message.author, message.text) == (one.id, one.room, one.author, one.text)
    assert message.sent_at == one.sent_at
    assert [(share.text, share.link) for share in message.shares] == [(share.text, share.link) for share in one.shares]
    assert (message.kind is Kind.SHARED) == bool(one.shares and not one.text)


def test_reply_tells_whom_it_answers() -> None:
    one = line(2, "no", reply_to="1")
    assert message_of(one, community="main", platform="replay", authors={"1": "dana"}).reply_author == "dana"
    assert message_of(one, community="main", platform="replay", authors={}).reply_author == ""


def test_time_without_a_zone_is_utc() -> None:
    text = line(1, "x").model_dump_json().replace("Z", "")
    assert read_line(text, "here").sent_at == NOW


GOOD = {"id": "1", "room": "r", "author": "a", "text": "hello", "sent_at": "2026-03-02T20:00:00Z"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "EOF"),
        ("not JSON", "Invalid JSON"),
        ("[]", "object"),
        ("null", "object"),
        ("{}", "id: Field required"),
        (json.dumps({**GOOD, "txt": "x"}), "txt: Extra inputs"),
        (json.dumps({**GOOD, "id": ""}), "id: "),
        (json.dumps({**GOOD, "id": 5}), "id: "),
        (json.dumps({**GOOD, "sent_at": "yesterday"}), "sent_at: "),
        (json.dumps({**GOOD, "mentions": "dana"}), "mentions: "),
        (json.dumps({**GOOD, "shares": [{"url": "x"}]}), "shares.0.url: "),
        (json.dumps({**GOOD, "text": "\ud800"}), "Invalid JSON"),
        ("[" * 100_000, ""),
    ],
)
def test_broken_line_is_refused_in_one_line_with_its_place(text: str, says: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read_line(text, "talk.jsonl:7")
    said = str(caught.value)
    assert said.startswith("talk.jsonl:7: ")
    assert says in said
    assert "\n" not in said
    assert len(said) < 400


def test_mark_that_notepad_puts_before_a_file_is_none_of_it(tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\n")
    assert len(list(read_transcript(file))) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "has no messages"),
        (b"\n\n  \n", "has no messages"),
        (json.dumps(GOOD).encode() + b"\n\n{\n", ":3: "),
        (json.dumps(GOOD).encode() + b"\n\xff\n", ":2: byte 1 is not UTF-8"),
        (b'{"text": "' + b"x" * LINE_BYTES_MAX + b'"}', ":1: longer than"),
    ],
)
def test_broken_file_is_refused_in_one_line_with_its_place(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_bytes(content)
    with pytest.raises(TranscriptError) as caught:
        list(read_transcript(file))
    assert str(file) in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TranscriptError, match="cannot be read"):
        list(read_transcript(tmp_path / name))


def test_empty_lines_and_a_missing_newline_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_text(f"\n{json.dumps(GOOD)}\r\n\n{json.dumps({**GOOD, 'id': '2'})}", encoding="utf-8")
    assert [one.id for one in read_transcript(file)] == ["1", "2"]


async def test_broken_line_stops_before_anything_after_it_is_judged(fresh: Branch, tmp_path: Path) -> None:
    branch = await fresh.open(running=False)
    file = tmp_path / "talk.jsonl"
    file.write_text(json.dumps(GOOD) + "\n{\n" + json.dumps({**GOOD, "id": "3"}) + "\n", encoding="utf-8")
    outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
    branch.service = Service(branch.parts, waits=True, on_outcome=outcomes.put_nowait)
    branch.run()
    with pytest.raises(TranscriptError, match="jsonl:2:"):
        await replay(read_transcript(file), branch.service, outcomes, out=None, tick=lambda _: None)
    await branch.drained()
    assert [outcomes.get_nowait().verdict.message.id for _ in range(outcomes.qsize())] == ["1"]
