"""What an image is known again by: fetched, made into a perceptual hash, forgotten.

Knows: Pillow and ImageHash, where the extra `images` brought them; limits. Must not know: banks, rules, any platform.
Rules: nothing is fetched unless a rule asks for it and the extra is there; an image's bytes are in memory only, a few at a time, and its
hash is all that leaves this file; hashing is done on a thread of its own; whatever goes wrong is an answer (why there is no hash),
never an error; no line in the log says where an image lies.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.core.model import Image, Message, Seen
from bot.core.policy import Policy
from bot.ports import IMAGE_BYTES_MAX, PlatformRefusedError, PlatformUnavailableError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

log = structlog.get_logger()

INSTALL = "pip install 'steward-bot[images]'"
HASH_SIDE = 16
"""The hash says of 16 x 16 waves of the image whether each is strong: 256 bits. With 8 x 8 slightly cropped copies and other images mix."""
SECONDS_MAX = 15.0
"""For all images of one message, waiting in line included: the messages after it wait as long."""
AT_ONCE_MAX = 4
"""Images in memory at the same time: with IMAGE_BYTES_MAX it bounds what a flood of them takes."""
PIXELS_MAX = 40_000_000
"""A larger image is not unpacked (160 MB): a few kilobytes can hold a bomb. A phone's are smaller, or a JPEG that is drafted."""
JPEG_SIDE_MIN = 512
"""A JPEG is unpacked at the smallest of its own scales that is not below this: the hash looks at 64 x 64 points."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
"""What chats show. Others are not even tried: fewer decoders, fewer holes."""
LEVELS_MIN = 16
"""An image whose grey levels lie closer together shows nothing by which it could be known again."""
NOT_INSTALLED, TOO_LARGE, NOT_READABLE, NOT_GIVEN = "images_not_installed", "image_too_large", "image_not_readable", "image_not_given"
TIME_OUT, FAILURE = "time_out", "failure"
COUNTED = frozenset({NOT_INSTALLED, TOO_LARGE, NOT_READABLE, NOT_GIVEN})
"""Why there is no hash, where reading again does not mend it."""
Fetch = Callable[[Message, Image], Awaitable[bytes]]
"""Gives an image's bytes. Raises PlatformUnavailableError or PlatformRefusedError."""


class ImageError(Exception):
    """An image that cannot be used; the text says why. `reason` is the word for it in a verdict."""

    def __init__(self, text: str, reason: str = NOT_READABLE) -> None:
        super().__init__(text)
        self.reason = reason


def installed() -> bool:
    """Say whether the extra is there, without loading it."""
    return all(find_spec(name) is not None for name in ("PIL", "imagehash"))


class ImageReader:
    """Looks at the images of messages, for one community."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE_MAX)

    async def seen(self, message: Message, policy: Policy, fetch: Fetch | None) -> tuple[Seen, ...] | None:
        """One answer for each image of a message, in order; None where no rule asks. Never raises."""
        if not message.images or not policy.asks_for_images():
            return None
        if not installed():
            return (Seen(missing=NOT_INSTALLED),) * len(message.images)
        if fetch is None:
            return (Seen(missing=NOT_GIVEN),) * len(message.images)
        found: list[Seen] = []
        try:
            async with asyncio.timeout(SECONDS_MAX):
                for image in message.images:
                    async with self._room:
                        found.append(await self._look(message, image, fetch))
        except TimeoutError:
            found += [Seen(missing=TIME_OUT)] * (len(message.images) - len(found))
        return tuple(found)

    async def _look(self, message: Message, image: Image, fetch: Fetch) -> Seen:
        """Fetch one image and hash it."""
        if image.length > IMAGE_BYTES_MAX:
            return Seen(missing=TOO_LARGE)
        try:
            data = await fetch(message, image)
            return Seen(hash=await asyncio.get_running_loop().run_in_executor(_thread(), hash_of, data))
        except ImageError as error:
            return Seen(missing=error.reason)
        except PlatformRefusedError as error:
            log.warning("an image was not given", message=message.id, room=message.room, reason=str(error))
            return Seen(missing=NOT_GIVEN)
        except PlatformUnavailableError as error:
            log.warning("an image could not be fetched", message=message.id, room=message.room, reason=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is judged by all else, and read again
            log.error("looking at an image failed", message=message.id, room=message.room, error=type(error).__name__)
        return Seen(missing=FAILURE)


@cache
def _thread() -> ThreadPoolExecutor:
    """One thread: two unpacked images at a time are more than a small server has room for."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="images")


def hash_of(data: bytes) -> str:
    """The perceptual hash of an image's first frame: 64 hexadecimal digits. Raises ImageError."""
    if len(data) > IMAGE_BYTES_MAX:
        raise ImageError(f"it has more than {IMAGE_BYTES_MAX:,} bytes", TOO_LARGE)
    import imagehash  # noqa: PLC0415 - an extra, which takes a quarter of a second to load

    return str(imagehash.phash(_unpacked(data), hash_size=HASH_SIDE))


def _unpacked(data: bytes) -> "Picture":
    """The image in grey, the right way up, on white where it is transparent. Raises ImageError."""
    from PIL import Image as Pillow  # noqa: PLC0415 - as above

    try:
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.format in ("JPEG", "MPO"):
                image.draft("L", (JPEG_SIDE_MIN, JPEG_SIDE_MIN))
            made = _in_grey(image) if image.width * image.height <= PIXELS_MAX else None
    except Pillow.DecompressionBombError:
        made = None
    except Exception as error:  # a broken file makes a decoder raise nearly anything
        raise ImageError(f"it is no image that can be read ({type(error).__name__})") from error
    if made is None:
        raise ImageError(f"it has more than {PIXELS_MAX:,} pixels", TOO_LARGE)
    return made


def _in_grey(image: "Picture") -> "Picture":
    from PIL import Image as Pillow  # noqa: PLC0415 - as above
    from PIL import ImageOps  # noqa: PLC0415

    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        clear = upright.convert("RGBA")
        upright = Pillow.alpha_composite(Pillow.new("RGBA", clear.size, "white"), clear)
    return upright.convert("L")


def hash_of_file(path: Path) -> str:
    """The hash of an image on disk, for a bank. Raises ImageError, also where the image shows too little to be known again."""
    if not installed():
        raise ImageError(f"this needs packages that are not installed: {INSTALL}", NOT_INSTALLED)
    try:
        data = path.read_bytes()
        darkest, lightest = _unpacked(data).resize((32, 32)).getextrema()
        found = hash_of(data)
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from error
    except ImageError as error:
        raise ImageError(f"{path}: {error}", error.reason) from error
    if lightest - darkest < LEVELS_MIN:  # type: ignore[operator]
        raise ImageError(f"{path}: it is nearly of one colour, and would be found in every other image that is")
    return found


def draw_card(path: Path) -> None:
    """Write the test card, a harmless image that the shipped bank knows. Raises ImageError."""
    if not installed():
        raise ImageError(f"this needs packages that are not installed: {INSTALL}", NOT_INSTALLED)
    from PIL import Image as Pillow  # noqa: PLC0415 - an extra
    from PIL import ImageDraw  # noqa: PLC0415

    if path.exists():
        raise ImageError(f"{path} is there already: name a file that does not exist yet")
    card = Pillow.linear_gradient("L").resize((640, 480)).convert("RGB")
    drawn = ImageDraw.Draw(card)
    for number, colour in enumerate(("#d93a3a", "#e0a030", "#5b8a72", "#33475b", "#ffffff", "#000000", "#7a4fa3")):
        left, top = 20 + number * 88, 30 + (number * 137) % 300
        drawn.ellipse((left, top, left + 70 + number * 11, top + 120 - number * 9), fill=colour)
        drawn.rectangle((left, 400 - number * 23, left + 60, 470), fill=colour)
    try:
        card.save(path, format="PNG")
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {error.strerror}") from error
