"""Likes of hateful content on Slack: the note as a direct message, the look at what stands a day later, after a restart too."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.core.policy import Policy
from tests.core.policies import BANKS
from tests.platforms.slack.connected import Steward, steward
from tests.servers.slack import Member, Message, SlackServer
from tests.shell.branch import compiled
from tests.shell.test_likes import LIKING, RULES, SUPPORTIVE

DAY = 25 * 60 * 60 * 1_000_000
HATEFUL = "vermin, all of them"


def likes() -> tuple[Policy, Mapping[str, str]]:
    """The small policy that looks at likes."""
    return compiled(text=LIKING, rules=RULES, banks={**BANKS, "banks/supportive-reactions.yaml": SUPPORTIVE})


async def hateful(at_work: Steward, author: Member) -> Message:
    """Let somebody say something hateful; it stands, and is a case."""
    at_work.scorer.table["vermin"] = {"identity_attack": 0.95}
    return await at_work.says(author, at_work.server.general, HATEFUL)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "steward.db")) as database:
        found = database.execute(query).fetchall()
        database.commit()
        return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_like_is_a_note_with_a_link_and_after_a_restart_a_nudge(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora")
    async with steward(slack, tmp_path, policy=likes()) as at_work:
        said = await hateful(at_work, ann)
        dora.reacts(said, "+1::skin-tone-3")
        await until(lambda: bool(dora.dms))
        await at_work.settled()
        (note,) = dora.dms
        assert "It may have been a slip" in note.words
        assert "vermin" not in note.words
        (link,) = [one for one in note.elements if one.get("url")]
        assert said.ts.replace(".", "") in link["url"]
        assert "You put :+1: under a message" in note.text
    rows(tmp_path, f"UPDATE likes SET told_at = told_at - {DAY}")
    async with steward(slack, tmp_path, policy=likes()) as at_work:
        await until(lambda: len(dora.dms) == 2)
        await at_work.settled()
        assert "A friendly word about your reaction" in dora.dm_texts[1]
        (case,) = await at_work.cases(dora)
        assert [one.finding.rule for one in case.findings] == ["liking"]


async def test_a_reaction_taken_back_ends_it(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora")
    async with steward(slack, tmp_path, policy=likes()) as at_work:
        said = await hateful(at_work, ann)
        dora.reacts(said, "fire")
        dora.reacts(said, "+1")
        await until(lambda: bool(dora.dms))
        dora.unreacts(said, "fire")
        await at_work.settled()
        assert rows(tmp_path, "SELECT state FROM likes") == [("noted",)]
        dora.unreacts(said, "+1")
        await until(lambda: rows(tmp_path, "SELECT state FROM likes") == [("ended",)])
        await at_work.settled()
        assert len(dora.dms) == 1


async def test_taken_back_while_steward_was_away_or_deleted_it_is_no_nudge(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora, eve = slack.add_member("dora"), slack.add_member("eve")
    async with steward(slack, tmp_path, policy=likes()) as at_work:
        first, second = await hateful(at_work, ann), await hateful(at_work, eve)
        dora.reacts(first, "fire")
        dora.reacts(second, "fire")
        await until(lambda: len(dora.dms) == 2)
        await at_work.settled()
    dora.unreacts(first, "fire")
    eve.deletes(second)
    rows(tmp_path, f"UPDATE likes SET told_at = told_at - {DAY}")
    async with steward(slack, tmp_path, policy=likes()) as at_work:
        await until(lambda: rows(tmp_path, "SELECT state FROM likes") == [("ended",)] * 2)
        await at_work.settled()
        assert len(dora.dms) == 2


async def test_anger_and_the_author_are_left_alone(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    dora = slack.add_member("dora")
    async with steward(slack, tmp_path, policy=likes()) as at_work:
        said = await hateful(at_work, ann)
        for name in ("rage", "-1", "question", "face_vomiting"):
            dora.reacts(said, name)
        ann.reacts(said, "+1")
        await at_work.settled()
        assert rows(tmp_path, "SELECT count(*) FROM likes") == [(0,)]
