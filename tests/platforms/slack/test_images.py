"""Images on Slack: fetched with the bot's token from Slack alone and known again; none is shown on a card. Slack has no spoilers."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import images
from bot.compiler.policy import compile_policy
from bot.core.policy import Policy
from bot.images import hash_of
from tests.core.test_images import source
from tests.platforms.slack.connected import Steward, officers, steward
from tests.scenes import needs_images, scene, written

from bot.platforms.slack.files import fetch, is_slacks  # isort: skip - connected skips where the libraries are not there
from bot.platforms.slack.client import web_client  # isort: skip
from bot.platforms.slack.translate import images_of  # isort: skip
from bot.ports import IMAGE_BYTES_MAX, PlatformRefusedError  # isort: skip
from tests.servers.slack import Member, SlackServer  # isort: skip

FILES = "files:read"


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace=0.001, ack_seconds=2.0) as server:
        server.set_scopes(also=FILES)
        yield server
        assert server.problems() == []


@pytest.fixture
def ann(slack: SlackServer) -> Member:
    return slack.add_member("ann")


def policy(*rules: str) -> tuple[Policy, Mapping[str, str]]:
    """These rules, and a bank that knows scene 1."""
    files = source(*rules, known=hash_of(written(scene(1), "PNG")))
    return compile_policy(files), files


def picture(data: bytes, **more: Any) -> dict[str, Any]:
    return {"name": "holiday.jpg", "mimetype": "image/jpeg", "data": data, **more}


async def unjudged(at_work: Steward) -> dict[str, int]:
    """Why messages were not wholly judged, and how many."""
    async with at_work.community.parts.transaction() as transaction:
        found = dict(await transaction.unjudged_counts(at_work.community.parts.clock.now().replace(year=2020)))
        for one in (*await transaction.unjudged(), *await transaction.unjudged(read_again=True)):
            found[one.reason] = found.get(one.reason, 0) + 1
    return found


def test_only_images_are_carried_those_of_shared_messages_too() -> None:
    inner = {"files": [{"id": "F3", "mimetype": "image/gif"}]}
    files = [
        {"id": "F1", "mimetype": "image/png", "size": 7, "url_private": "https://files.slack.com/x"},
        {"id": "F2", "mimetype": "text/plain"},
    ]
    found = list(images_of({"files": files, "attachments": [inner]}))
    assert [(one.id, one.length, one.spoiler, one.link) for one in found] == [
        ("F1", 7, False, "https://files.slack.com/x"),
        ("F3", 0, False, ""),
    ]


@pytest.mark.parametrize(
    ("link", "is_theirs"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.png", True),
        ("http://files.slack.com/files-pri/T1-F1/a.png", False),
        ("https://files.slack.com.example.org/a.png", False),
        ("https://drive.example.org/a.png", False),
        ("https://files.slack.com@example.org/a.png", False),
        ("", False),
    ],
)
def test_the_token_goes_to_slack_alone(link: str, is_theirs: bool) -> None:
    assert is_slacks(link, "https://slack.com/api/") is is_theirs


async def test_a_file_that_lies_with_somebody_else_is_not_asked_for(slack: SlackServer) -> None:
    client = web_client(slack.bot_token, "https://slack.com/api/")
    with pytest.raises(PlatformRefusedError, match="does not lie with Slack"):
        await fetch(client, slack.world.files.put("/files-pri/a.png", b"x", "image/png"))
    assert slack.world.files.fetched == []


@needs_images
async def test_a_copy_of_a_known_image_leads_to_a_card_that_does_not_show_it(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with steward(slack, tmp_path, policy=policy("known")) as at_work:
            await at_work.says(ann, slack.general, "a field", files=[picture(written(scene(2)))])
            made = await at_work.says(ann, slack.general, "", files=[picture(written(scene(1).resize((400, 300)), quality=40))])
            assert await at_work.judged(ann) == [made.ts]
            assert await unjudged(at_work) == {}
            (card, *_) = slack.said_by_bot(officers(slack))
    assert [status for _, status in slack.world.files.fetched] == [200, 200]
    shown = json.dumps([card.text, card.blocks, card.parts, ann.dm_texts, logs], default=str)
    assert "a known image" in shown
    assert "files-pri" not in shown
    assert '"type": "image"' not in shown
    posted = [one.body for one in slack.calls("chat.postMessage")]
    assert all(str(one["unfurl_links"]).lower() in ("false", "0") and str(one["unfurl_media"]).lower() in ("false", "0") for one in posted)
    assert b"files-pri" not in b"".join(one.read_bytes() for one in tmp_path.glob("steward.db*"))


@needs_images
async def test_without_the_right_to_read_files_it_is_counted_and_said_what_to_press(
    slack: SlackServer, ann: Member, tmp_path: Path
) -> None:
    slack.set_scopes(without=FILES)
    with capture_logs() as logs:
        async with steward(slack, tmp_path, policy=policy("known")) as at_work:
            await at_work.says(ann, slack.general, "", files=[picture(written(scene(1)))])
            assert await unjudged(at_work) == {images.NOT_GIVEN: 1}
    assert any("files:read" in str(one.get("reason", "")) for one in logs)
    assert slack.world.files.fetched[0][1] == 302


@needs_images
@pytest.mark.parametrize("failure", [503, 429, ConnectionResetError])
async def test_an_image_that_cannot_be_fetched_now_is_noted_to_be_read_again(
    slack: SlackServer, ann: Member, tmp_path: Path, failure: int | type[Exception]
) -> None:
    async with steward(slack, tmp_path, policy=policy("known")) as at_work:
        slack.fail_next("/files-pri/**", failure, times=100)
        await at_work.says(ann, slack.general, "", files=[picture(written(scene(1)))])
        assert await unjudged(at_work) == {images.FAILURE: 1}


@needs_images
async def test_more_than_is_allowed_is_not_read_whatever_slack_says_of_its_size(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    async with steward(slack, tmp_path, policy=policy("known")) as at_work:
        huge = written(scene(1)) + b"\0" * (IMAGE_BYTES_MAX + 5)
        await at_work.says(ann, slack.general, "", files=[picture(huge, size=1000), picture(b"no image")])
        assert await unjudged(at_work) == {images.TOO_LARGE: 1}


async def test_without_such_a_rule_no_file_is_asked_for(slack: SlackServer, ann: Member, tmp_path: Path) -> None:
    files = source("hidden")
    async with steward(slack, tmp_path, policy=(compile_policy(files), files)) as at_work:
        await at_work.says(ann, slack.general, "", files=[picture(b"anything")])
        assert await unjudged(at_work) == {}
    assert slack.world.files.fetched == []
