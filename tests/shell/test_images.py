"""Images are known again in copies and nothing else is; what cannot be looked at is counted or read again, never fine."""

import asyncio
import json
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import images
from bot.compiler.policy import compile_policy
from bot.core.judge import judge
from bot.core.model import Image
from bot.core.signals.images import distance
from bot.folders import load_policy
from bot.images import ImageError, draw_card, hash_of, hash_of_file
from bot.ports import IMAGE_BYTES_MAX, PlatformRefusedError, PlatformUnavailableError
from bot.service import Outcome
from bot.store.values import decode, encode
from tests.core.test_images import source
from tests.scenes import cropped, leaflet, needs_images, scene, written
from tests.shell.branch import Branch

SHIPPED = load_policy("labour-social-media")
AT_MOST = 48
"""The shipped rule's distance; that it is so is asked below."""
SCENES = 5


def test_the_shipped_rule_goes_as_far_as_was_measured() -> None:
    assert f"distance_at_most={AT_MOST}" in repr(SHIPPED.rule("known-image").when)


# Hashes


@needs_images
def test_copies_are_known_again() -> None:
    for number in range(SCENES):
        made = scene(number)
        known = hash_of(written(made, "PNG"))
        copies = {
            "half the size": written(made.resize((400, 300)), "PNG"),
            "a quarter": written(made.resize((200, 150)), "PNG"),
            "twice the size": written(made.resize((1600, 1200))),
            "compressed": written(made, quality=30),
            "compressed badly": written(made, quality=10),
            "compressed otherwise": written(made, "WEBP", quality=40),
            "in grey": written(made.convert("L"), "PNG"),
            "in 256 colours": written(made, "GIF"),
            "cropped a little": written(cropped(made, 0.01), quality=60),
        }
        assert {name: far for name, copy in copies.items() if (far := distance(known, hash_of(copy))) > AT_MOST} == {}


@needs_images
def test_most_copies_that_were_cropped_made_smaller_and_compressed_are_known_again() -> None:
    found = 0
    for number in range(SCENES):
        made = scene(number)
        copy = written(cropped(made, 0.02).resize((400, 300)), quality=40)
        found += distance(hash_of(written(made, "PNG")), hash_of(copy)) <= AT_MOST
    assert found >= SCENES - 1


@needs_images
def test_other_pictures_are_not_known() -> None:
    hashes = [hash_of(written(scene(number))) for number in range(30)]
    assert min(distance(one, other) for one, other in combinations(hashes, 2)) >= 1.5 * AT_MOST


@needs_images
def test_leaflets_of_one_layout_are_not_each_other() -> None:
    hashes = [hash_of(written(leaflet(number), "PNG")) for number in range(20)]
    assert min(distance(one, other) for one, other in combinations(hashes, 2)) > AT_MOST


@needs_images
def test_a_photograph_that_a_phone_holds_on_its_side_is_the_same_upright() -> None:
    from PIL.Image import Transpose

    made = scene(5)
    turned = made.transpose(Transpose.ROTATE_90)
    exif = turned.getexif()
    exif[0x0112] = 6  # to be shown a quarter turn to the right
    assert distance(hash_of(written(turned, exif=exif)), hash_of(written(made))) <= AT_MOST


@needs_images
def test_a_transparent_ground_counts_as_white() -> None:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    clear, white = Pillow.new("RGBA", (400, 300), (0, 0, 0, 0)), Pillow.new("RGB", (400, 300), "white")
    for one in (clear, white):
        drawn = ImageDraw.Draw(one)
        for number in range(9):
            drawn.ellipse((number * 40, (number * 77) % 250, number * 40 + 50, (number * 77) % 250 + 60), fill=(20 * number, 0, 90))
    assert distance(hash_of(written(clear, "PNG")), hash_of(written(white, "PNG"))) == 0


@needs_images
@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_image_is_said_not_to_be_readable(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        hash_of(data)
    assert caught.value.reason == images.NOT_READABLE


@needs_images
def test_half_an_image_is_not_readable() -> None:
    with pytest.raises(ImageError):
        hash_of(written(scene(1), "PNG")[:2000])


@needs_images
@pytest.mark.parametrize("side", [7_000, 14_000])
def test_a_bomb_is_not_unpacked(side: int) -> None:
    from PIL import Image as Pillow

    Pillow.MAX_IMAGE_PIXELS, before = None, Pillow.MAX_IMAGE_PIXELS  # only to make it
    bomb = written(Pillow.new("1", (side, side)), "PNG")
    Pillow.MAX_IMAGE_PIXELS = before
    assert len(bomb) < 100_000
    with pytest.raises(ImageError) as caught:
        hash_of(bomb)
    assert caught.value.reason == images.TOO_LARGE


@needs_images
def test_the_test_card_is_the_one_that_the_shipped_bank_knows(tmp_path: Path) -> None:
    draw_card(tmp_path / "card.png")
    (known,) = SHIPPED.entries("images")
    assert distance(hash_of_file(tmp_path / "card.png"), known) <= 4
    with pytest.raises(ImageError, match="there already"):
        draw_card(tmp_path / "card.png")


@needs_images
def test_an_image_of_one_colour_is_nothing_for_a_bank(tmp_path: Path) -> None:
    from PIL import Image as Pillow

    (tmp_path / "white.png").write_bytes(written(Pillow.new("RGB", (300, 200), (250, 250, 248)), "PNG"))
    with pytest.raises(ImageError, match="one colour"):
        hash_of_file(tmp_path / "white.png")


def test_without_the_extra_the_operator_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagehash", None)
    (tmp_path / "a.png").write_bytes(b"")
    for work in (lambda: hash_of_file(tmp_path / "a.png"), lambda: draw_card(tmp_path / "b.png")):
        with pytest.raises(ImageError, match="steward-bot\\[images\\]"):
            work()


# The service


def bytes_of(number: int, **options: Any) -> bytes:
    return written(scene(number), **options)


async def opened(fresh: Branch, *rules: str) -> Branch:
    """A branch whose bank knows scene 1."""
    files = source(*rules, known=hash_of(bytes_of(1)))
    return await fresh.open((compile_policy(files), files))


async def post(branch: Branch, *given: Callable[[], bytes], length: int = 1000, **more: Any) -> Outcome:
    """Say nothing and show images."""
    carried = []
    for number, one in enumerate(given, start=len(branch.chat.images) + 1):
        branch.chat.images[f"image-{number}"] = one
        carried.append(Image(id=f"image-{number}", kind="image/png", length=length, link="https://cdn.example.org/secret"))
    return await branch.say("", images=tuple(carried), **more)


def raising(error: Exception) -> Callable[[], bytes]:
    def give() -> bytes:
        raise error

    return give


def reasons(outcome: Outcome) -> list[str]:
    return [one.reason for one in outcome.verdict.unjudged]


@needs_images
async def test_a_copy_of_a_known_image_is_hidden_and_goes_to_moderators(fresh: Branch) -> None:
    branch = await opened(fresh, "known")
    fine = await post(branch, lambda: bytes_of(2))
    assert (fine.response, reasons(fine)) == (None, [])
    outcome = await post(branch, lambda: bytes_of(1, quality=40))
    assert [one.rule for one in outcome.verdict.findings if one.rule == "known"] == ["known"]
    assert {"hide", "escalate"} <= set(branch.chat.kinds())
    card = next(one.text for one in branch.chat.performed if one.kind == "escalate")
    assert "an image that was sent to many" in card


@needs_images
async def test_neither_the_image_nor_where_it_lies_is_kept_or_logged(fresh: Branch) -> None:
    branch = await opened(fresh)
    with capture_logs() as logs:
        await post(branch, lambda: bytes_of(1))
        await post(branch, raising(PlatformUnavailableError("away")))
    assert b"cdn.example.org" not in branch.bytes_on_disk()
    assert bytes_of(1)[200:260] not in branch.bytes_on_disk()
    assert "cdn.example.org" not in json.dumps(logs, default=str)
    detail = await branch.detail()
    assert [one.id for one in detail.messages[0].message.images] == ["image-1"]
    assert detail.messages[0].context.images is not None


@needs_images
@pytest.mark.parametrize(
    ("give", "reason", "in_words"),
    [
        (lambda: b"no image", images.NOT_READABLE, "an image cannot be read"),
        (lambda: b"x" * (IMAGE_BYTES_MAX + 1), images.TOO_LARGE, "an image is too large"),
        (raising(PlatformRefusedError("gone")), images.NOT_GIVEN, "the platform did not give an image"),
    ],
    ids=["broken", "large", "refused"],
)
async def test_what_reading_again_does_not_mend_is_counted(fresh: Branch, give: Callable[[], bytes], reason: str, in_words: str) -> None:
    branch = await opened(fresh, "known")
    assert reasons(await post(branch, give)) == [reason]
    assert f"because {in_words}: 1" in await branch.ask("/cases")


@needs_images
async def test_what_is_too_large_is_not_even_fetched(fresh: Branch) -> None:
    branch = await opened(fresh, "known")
    assert reasons(await post(branch, lambda: bytes_of(1), length=IMAGE_BYTES_MAX + 1)) == [images.TOO_LARGE]
    assert branch.chat.fetched == []


@needs_images
@pytest.mark.parametrize("error", [PlatformUnavailableError("away"), ValueError("a surprise")])
async def test_an_image_that_could_not_be_fetched_is_read_again(fresh: Branch, error: Exception) -> None:
    branch = await opened(fresh, "known")
    assert reasons(await post(branch, raising(error))) == [images.FAILURE]
    branch.chat.images["image-1"] = lambda: bytes_of(1)
    await branch.service.read_again()
    await branch.drained()
    assert [one.rule for one in branch.outcomes[-1].verdict.findings] == ["known"]
    assert await branch.ask("/cases") != "No open cases, no reports, nothing to do by hand."


@needs_images
async def test_an_image_that_takes_too_long_leaves_the_rule_unjudged(fresh: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "SECONDS_MAX", 0.2)
    branch = await opened(fresh, "known")
    branch.chat.held = asyncio.Event()
    outcome = await post(branch, lambda: bytes_of(1), lambda: bytes_of(2))
    assert reasons(outcome) == [images.TIME_OUT]


@needs_images
async def test_messages_after_an_image_wait_for_it_and_stay_in_order(fresh: Branch) -> None:
    branch = await opened(fresh, "known")
    branch.chat.images["slow"], branch.chat.held = (lambda: bytes_of(1)), asyncio.Event()
    await branch.service.accept(branch.message("", images=(Image(id="slow", kind="image/png"),)))
    await branch.service.accept(branch.message("hello"))
    await asyncio.sleep(0.1)
    assert branch.outcomes == []
    branch.chat.held.set()
    await branch.drained()
    assert [one.verdict.message.id for one in branch.outcomes] == ["1", "2"]
    assert [one.rule for one in branch.outcomes[0].verdict.findings] == ["known"]


async def test_without_the_extra_nothing_is_fetched_and_it_is_counted(fresh: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagehash", None)
    files = source("known")
    branch = await fresh.open((compile_policy(files), files))
    outcome = await post(branch, lambda: b"never asked for")
    assert reasons(outcome) == [images.NOT_INSTALLED]
    assert branch.chat.fetched == []
    assert "because looking at images is not installed: 1" in await branch.ask("/cases")


@pytest.mark.parametrize("is_installed", [True, False])
async def test_without_such_a_rule_nothing_is_fetched_and_nothing_unjudged(
    fresh: Branch, monkeypatch: pytest.MonkeyPatch, is_installed: bool
) -> None:
    if not is_installed:
        monkeypatch.setitem(sys.modules, "imagehash", None)
    files = source("hidden")
    branch = await fresh.open((compile_policy(files), files))
    outcome = await post(branch, lambda: b"never asked for")
    assert (reasons(outcome), branch.chat.fetched) == ([], [])


def test_where_an_image_lies_is_not_written_down() -> None:
    image = Image(id="1", kind="image/png", length=5, spoiler=True, link="https://cdn.example.org/secret")
    assert "secret" not in json.dumps(encode(image)) + repr(image)
    assert decode(Image, encode(image)) == image
    assert decode(Image, encode(image)).link == ""


@needs_images
async def test_a_case_with_a_known_image_replays_the_same(fresh: Branch) -> None:
    branch = await opened(fresh, "known")
    await post(branch, lambda: bytes_of(1))
    (one,) = (await branch.detail()).messages
    verdict = judge(one.message, one.context, branch.parts.policy)
    assert [finding.rule for finding in verdict.findings] == ["known"]
