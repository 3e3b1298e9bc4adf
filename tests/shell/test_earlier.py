"""The words of older messages that a finding rests on: on the console, and where a platform does not give them."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.casebook import Casebook
from bot.core.model import ActionKind, Message
from bot.platforms.console import Console
from bot.ports import PlatformRefusedError, PlatformUnavailableError
from tests.core.policies import rule
from tests.shell.branch import Branch, compiled

COURSE = {"course": rule("course", "{course_of_conduct: {at_least: 2}}", status="review")}


async def a_course(fresh: Branch, *, platform: str = "test") -> Branch:
    """A branch in which alex was hostile to dana on three days, and nothing of that is read yet."""
    branch = await fresh.open(compiled(rules=COURSE))
    branch.scorer.table["donkey"] = {"toxicity": 0.95}
    for _ in range(3):
        await branch.later(days=1)
        await branch.say("@dana you donkey", mentions=("dana",), platform=platform)
    assert branch.rows("SELECT message, state FROM earlier ORDER BY message") == [("1", "waiting"), ("2", "waiting")]
    return branch


async def test_console_gives_the_words_and_what_is_gone_is_said(fresh: Branch, tmp_path: Path) -> None:
    branch = await a_course(fresh, platform="console")
    said = tmp_path / "said.jsonl"
    line = {"id": "2", "room": "room", "author": "alex", "text": "@dana you donkey", "sent_at": branch.clock.now().isoformat()}
    said.write_text(json.dumps(line) + "\n", encoding="utf-8")
    console = Console(said, tmp_path / "done.jsonl", community="main")
    await Casebook(replace(branch.parts, platforms={"console": console})).read_earlier()
    shown = await branch.ask("/case 1")
    assert "in room: “@dana you donkey”" in shown
    assert shown.count("no longer available") == 1
    assert branch.rows("SELECT message, state FROM earlier ORDER BY message") == [("1", "gone"), ("2", "read")]


class Closed:
    """How a chat answers that does not let messages be read."""

    def __init__(self, error: Exception) -> None:
        self.error, self.asked = error, 0

    async def read(self, room: str, message_id: str) -> Message | None:
        del room, message_id
        self.asked += 1
        raise self.error


@pytest.mark.parametrize("error", [PlatformRefusedError("not allowed"), PlatformUnavailableError("away")])
async def test_what_is_not_given_stops_nothing_else_and_is_given_up_after_a_day(fresh: Branch, error: Exception) -> None:
    branch = await a_course(fresh)
    closed = Closed(error)
    branch.chat.read = closed.read  # type: ignore[method-assign]
    await branch.later(hours=1)
    assert closed.asked == 2
    assert "(not read yet)" in await branch.ask("/case 1")
    await branch.later(days=1)
    assert (await branch.ask("/case 1")).count("(no longer available)") == 2
    await branch.later(days=1)
    assert closed.asked == 4, "what was given up is not asked for again"


async def test_platform_that_is_not_there_any_more_is_not_waited_for(fresh: Branch) -> None:
    branch = await a_course(fresh)
    without = Casebook(replace(branch.parts, platforms={}))
    await without.read_earlier()
    assert "(not read yet)" in await branch.ask("/case 1")
    branch.clock.saw(branch.clock.now() + timedelta(days=2))
    await without.read_earlier()
    assert "(no longer available)" in await branch.ask("/case 1")


# Many against one.


async def a_pile_on(fresh: Branch) -> Branch:
    branch = await fresh.open(compiled(rules=COURSE))
    branch.scorer.table["donkey"] = {"toxicity": 0.95}
    for author in ("a", "b", "c", "d", "e"):
        await branch.say(f"@dana you donkey, says {author}, and no frobnitz", author=author, mentions=("dana",))
    assert len(branch.chat.told) + len([one for one in branch.chat.performed if one.kind is ActionKind.TELL]) == 1
    return branch


def told(branch: Branch) -> list[str]:
    return [text for _, text, _ in branch.chat.told]


async def test_support_card_is_followed_by_the_words_and_what_is_gone_is_said(fresh: Branch) -> None:
    branch = await a_pile_on(fresh)
    branch.chat.said = [one for one in branch.chat.said if one.author != "b"]
    await branch.later(minutes=1)
    words = "\n".join(told(branch)[1:])
    assert [f"says {author}" in words for author in "abcde"] == [True, False, True, True, True]
    assert words.count("(no longer available)") == 1
    assert "frobnitz" not in words, "words of masked banks are masked"
    before = len(told(branch))
    await branch.later(minutes=1)
    assert len(told(branch)) == before, "once"


async def test_words_of_a_support_card_are_waited_for_a_day(fresh: Branch) -> None:
    branch = await a_pile_on(fresh)
    branch.chat.read = Closed(PlatformUnavailableError("away")).read  # type: ignore[method-assign]
    await branch.later(hours=1)
    assert len(told(branch)) == 1
    await branch.later(days=1)
    assert "\n".join(told(branch)).count("(no longer available)") == 5
