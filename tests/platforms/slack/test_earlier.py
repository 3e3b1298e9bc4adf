"""What a finding on Slack rests on: the words of older messages, read when it is made; what is gone is said to be."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.model import Contact
from tests.core.policies import rule
from tests.platforms.slack.connected import officers, steward
from tests.shell.branch import RULES, compiled

from tests.servers.slack import Member, SlackServer  # isort: skip - connected skips where the libraries are not there

COURSE = {**RULES, "course": rule("course", "{course_of_conduct: {at_least: 2}}", status="review")}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace=0.01, ack_seconds=2.0) as server:
        yield server
        assert server.problems() == []


@pytest.fixture
def ann(slack: SlackServer) -> Member:
    return slack.add_member("ann")


async def test_words_of_earlier_messages_are_on_the_card_and_what_is_gone_is_said(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    morgan = slack.add_member("morgan")
    kept, gone = ann.says(slack.general, "you again, first"), ann.says(slack.general, "you again, second")
    async with steward(slack, tmp_path, policy=compiled(rules=COURSE)) as at_work:
        rows = [
            Contact(
                author=ann.id, target=morgan.id, room=slack.general.id, message=one.ts,
                sent_at=datetime.now(UTC) - timedelta(days=days), hostility=2, direct=True,
            )
            for days, one in ((2, kept), (1, gone))
        ]  # fmt: skip
        async with at_work.community.parts.transaction() as transaction:
            await transaction.add_contacts("slack", rows)
        ann.deletes(gone)
        await at_work.says(ann, slack.general, f"{morgan.mention} you donkey")
        await at_work.community.service.casebook.look_after()
        await at_work.settled()
        (case,) = await at_work.cases(ann)
        assert [(str(one.state), one.text) for one in case.earlier] == [("read", "you again, first"), ("gone", "")]
        card = str([(one.text, one.blocks) for one in officers(slack).messages.values()])
        assert "you again, first" in card
        assert "no longer available" in card
        assert "you again, second" not in card
