"""Images on Discord: fetched from its store of files and known again; those behind a spoiler go to review; none is shown on a card."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import images
from bot.compiler.policy import compile_policy
from bot.core.model import Image
from bot.images import hash_of
from bot.ports import IMAGE_BYTES_MAX
from tests.core.test_images import source
from tests.platforms.discord.running import Branch, branch_on_discord
from tests.platforms.discord.test_translate import PLACE, said
from tests.scenes import needs_images, scene, written
from tests.servers.discord import Message

from bot.platforms.discord.translate import images_of, known_of, message_of  # isort: skip - running skips where the library is not there

SPOILER = {"filename": "SPOILER_holiday.png", "content_type": "image/png"}


@pytest.fixture
async def branch(tmp_path: Path) -> AsyncIterator[Branch]:
    async with branch_on_discord(tmp_path) as made:
        yield made
        assert made.wrong() == []


def use(branch: Branch, *rules: str) -> bytes:
    """Let the policy have these rules, and its bank know the image that is given."""
    known = written(scene(1), "PNG")
    files = source(*rules, known=hash_of(known))
    branch.policy = lambda _: (compile_policy(files), files)
    return known


def post(branch: Branch, data: bytes, **more: Any) -> Message:
    picture = {"filename": "holiday.jpg", "content_type": "image/jpeg", "data": data, **more}
    return branch.server.say(branch.general, branch.ann, "", attachments=[picture])


async def unjudged(branch: Branch, reason: str) -> int:
    """How many messages were counted, or noted to be read again, for a reason."""
    await branch.community.settle()
    async with branch.community.parts.transaction() as transaction:
        counts = await transaction.unjudged_counts(branch.community.parts.clock.now().replace(year=2020))
        rows = [*await transaction.unjudged(), *await transaction.unjudged(read_again=True)]
    return counts.get(reason, 0) + sum(one.reason == reason for one in rows)


# Payloads


def test_images_are_known_by_their_content_type_or_their_name() -> None:
    attachments = [
        {"id": "1", "filename": "a.png", "content_type": "image/png", "size": 5, "url": "https://cdn.example.org/a"},
        {"id": "2", "filename": "b.JPG"},
        {"id": "3", "filename": "c.pdf", "content_type": "application/pdf"},
        {"id": "4", "filename": "d.png", "content_type": "text/plain"},
        {"id": "5", "filename": "notes"},
    ]
    found = list(images_of(said(attachments=attachments)))
    assert found == [Image(id="1", kind="image/png", length=5), Image(id="2")]
    assert found[0].link == "https://cdn.example.org/a"


def test_a_spoiler_is_known_by_its_name_or_its_flag() -> None:
    attachments = [{"id": "1", **SPOILER}, {"id": "2", "filename": "a.png", "flags": 8}, {"id": "3", "filename": "my_SPOILER_.png"}]
    assert [one.spoiler for one in images_of(said(attachments=attachments))] == [True, True, False]


def test_a_forwarded_image_is_carried_too() -> None:
    inner = {"content": "", "attachments": [{"id": "1", **SPOILER}], "embeds": []}
    found = message_of(said("", message_snapshots=[{"message": inner}]), PLACE)
    assert found is not None
    assert [(one.id, one.spoiler) for one in found.images] == [("1", True)]


def test_a_new_address_of_the_same_image_is_no_edit() -> None:
    one = said("look", attachments=[{"id": "1", **SPOILER, "url": "https://cdn.example.org/a?ex=1"}])
    assert known_of(one, PLACE) == known_of(
        {**one, "attachments": [{"id": "1", **SPOILER, "url": "https://cdn.example.org/a?ex=2"}]}, PLACE
    )


# The whole way


@needs_images
async def test_a_copy_of_a_known_image_is_hidden_and_shown_on_no_card(branch: Branch) -> None:
    use(branch, "known")
    copy = written(scene(1).resize((400, 300)), quality=40)
    with capture_logs() as logs:
        async with branch.running():
            fine = post(branch, written(scene(2)))
            message = post(branch, copy)
            await branch.hidden(holding=1)
            await branch.done()
            (card,) = branch.cards()
    assert [path for path, status in branch.server.world.files.fetched if status == 200] == [
        f"/attachments/{one.parts['attachments'][0]['id']}/holiday.jpg" for one in (fine, message)
    ]
    (embed,) = card.parts["embeds"]
    assert "a known image" in json.dumps(embed)
    assert embed["url"].endswith(f"/{branch.general.id}/{message.id}")
    assert not {"image", "thumbnail", "video"} & {key for key, value in embed.items() if value}
    assert not card.parts.get("attachments")
    shown = json.dumps([card.content, card.parts, branch.letters(branch.ann), logs], default=str)
    assert "/attachments/" not in shown
    assert b"/attachments/" not in branch.database.read_bytes()


@needs_images
async def test_a_spoiler_of_somebody_who_has_just_come_goes_to_review_without_being_fetched(branch: Branch) -> None:
    use(branch, "hidden")
    async with branch.running():
        branch.server.say(branch.general, branch.ann, "look", attachments=[{**SPOILER, "data": written(scene(1), "PNG")}])
        await branch.server.holds(lambda: bool(branch.cards()), 10)
        await branch.done()
        (card,) = branch.cards()
        assert "an image behind a spoiler" in json.dumps(card.parts["embeds"])
        assert branch.letters(branch.ann) == []
        assert set(await branch.done()) == {"1 escalate"}
    assert branch.server.world.files.fetched == []


@needs_images
async def test_an_image_that_is_gone_is_counted(branch: Branch) -> None:
    use(branch, "known")
    async with branch.running():
        branch.server.fail_next("GET", "/attachments/**", 404)
        post(branch, written(scene(1)))
        await branch.server.holds(lambda: bool(branch.server.world.files.fetched), 10)
        assert await unjudged(branch, images.NOT_GIVEN) == 1


@needs_images
@pytest.mark.parametrize("failure", [503, ConnectionResetError])
async def test_an_image_that_cannot_be_fetched_now_is_noted_to_be_read_again(branch: Branch, failure: int | type[Exception]) -> None:
    use(branch, "known")
    async with branch.running():
        branch.server.fail_next("GET", "/attachments/**", failure, times=100)
        post(branch, written(scene(1)))
        await branch.server.holds(lambda: bool(branch.server.world.files.fetched), 10)
        assert await unjudged(branch, images.FAILURE) == 1


@needs_images
async def test_what_discord_says_is_too_large_is_not_fetched(branch: Branch) -> None:
    use(branch, "known")
    async with branch.running():
        post(branch, written(scene(1)), size=IMAGE_BYTES_MAX + 1)
        post(branch, b"no image at all")
        await branch.server.holds(lambda: bool(branch.server.world.files.fetched), 10)
        assert await unjudged(branch, images.TOO_LARGE) == 1
        assert await unjudged(branch, images.NOT_READABLE) == 1
    assert len(branch.server.world.files.fetched) == 1


@needs_images
async def test_a_known_image_that_was_posted_while_nobody_watched_is_found_late(branch: Branch) -> None:
    known = use(branch, "known")
    async with branch.running():
        branch.server.say(branch.general, branch.ann, "good morning")
        await branch.community.settle()
    post(branch, known)
    async with branch.running():
        await branch.server.holds(lambda: bool(branch.cards()), 10)
        assert "a known image" in json.dumps(branch.cards()[0].parts["embeds"])
