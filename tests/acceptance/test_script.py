"""The acceptance script on every chat service, and what the README says of where they differ.

Knows: which chat services there are. Must not know: what a scene shows, how people use a service.
Rules: the same scenes everywhere; a difference is in the table of the script and in the README, or it is a mistake.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("slack_bolt", reason="slack-bolt is not installed")

from tests.acceptance.chat_on_discord import chat_on_discord
from tests.acceptance.chat_on_slack import chat_on_slack
from tests.acceptance.script import DIFFERENCES, SCENES, Chat, Difference, Ways

README = Path(__file__).parents[2] / "README.md"
CHAPTERS = ("### What Slack does not allow, and what Steward does instead", "### Differences from Discord")
CHATS: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Chat]]] = {
    "discord": chat_on_discord,
    "slack": partial(chat_on_slack, admin=False),
    "slack-admin": partial(chat_on_slack, admin=True),
}
"""`slack-admin`: Steward has an admin's own token too."""


@pytest.fixture(params=CHATS)
async def chat(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Chat]:
    async with CHATS[request.param](tmp_path) as made:
        yield made


@pytest.mark.parametrize("scene", SCENES)
async def test_script(chat: Chat, scene: str) -> None:
    await SCENES[scene](chat)
    chat.must_be_whole()
    assert chat.problems() == []


def test_the_table_of_differences_has_every_way_once() -> None:
    assert [one.of for one in DIFFERENCES] == [one.name for one in fields(Ways)]
    assert all(len({one.discord, one.slack, one.slack_admin}) > 1 for one in DIFFERENCES)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.of)
def test_readme_says_every_difference_that_slack_imposes(difference: Difference) -> None:
    text = README.read_text(encoding="utf-8")
    assert all(text.count(f"{chapter}\n") == 1 for chapter in CHAPTERS)
    said = " ".join(" ".join(text.partition(f"{chapter}\n")[2].partition("\n#")[0].split()) for chapter in CHAPTERS)
    assert [words for words in difference.said if words not in said] == []
