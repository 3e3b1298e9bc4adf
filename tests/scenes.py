"""Images drawn for tests: scenes with gradients, shapes and noise, leaflets of one layout, and what people do to copies.

Knows: Pillow, which a test that uses this has to have (`needs_images`). Must not know: hashes, rules.
Rules: the same number is the same image; nothing is read from disk.
"""

import io
import random
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from PIL.Image import Image

needs_images = pytest.mark.skipif(find_spec("imagehash") is None or find_spec("PIL") is None, reason="the extra 'images' is not installed")
WIDTH, HEIGHT = 800, 600
WORDS = "vote labour thursday the hall meeting street leaflet round canvass council budget housing park road tea seven door".split()


def scene(number: int) -> "Image":
    """A picture like no other: a gradient, shapes, noise as a camera makes it."""
    from PIL import Image, ImageDraw

    chance = random.Random(number)
    across = np.linspace(chance.randint(0, 255), chance.randint(0, 255), WIDTH)[None, :]
    down = np.linspace(chance.randint(0, 255), chance.randint(0, 255), HEIGHT)[:, None]
    light = (across + down) / 2
    made = Image.fromarray(np.stack([light * chance.uniform(0.4, 1) for _ in range(3)], -1).astype("uint8"))
    drawn = ImageDraw.Draw(made)
    for _ in range(chance.randint(6, 20)):
        left, top, width, height = (chance.randint(low, high) for low, high in ((-50, WIDTH), (-50, HEIGHT), (40, 300), (40, 300)))
        draw = drawn.ellipse if chance.random() < 0.5 else drawn.rectangle
        draw((left, top, left + width, top + height), fill=tuple(chance.randint(0, 255) for _ in range(3)))
    noise = np.random.default_rng(number).normal(0, 12, (HEIGHT, WIDTH, 1))
    return Image.fromarray(np.clip(np.asarray(made, float) + noise, 0, 255).astype("uint8"))


def leaflet(number: int) -> "Image":
    """A leaflet: the layout is always the same, the words are not."""
    from PIL import Image, ImageDraw

    chance = random.Random(number)
    made = Image.new("RGB", (600, 850), "white")
    drawn = ImageDraw.Draw(made)
    drawn.rectangle((0, 0, 600, 120), fill=(200, 0, 20))
    drawn.text((30, 40), " ".join(chance.choices(WORDS, k=4)).upper(), fill="white", font_size=40)
    top = 150
    while top < 820:
        drawn.text((30, top), " ".join(chance.choices(WORDS, k=chance.randint(3, 9))), fill="black", font_size=20)
        top += chance.choice([26, 26, 26, 50])
    return made


def cropped(image: "Image", share: float) -> "Image":
    """The image without this share of it on each side."""
    left, top = int(image.width * share), int(image.height * share)
    return image.crop((left, top, image.width - left, image.height - top))


def written(image: "Image", kind: str = "JPEG", **options: Any) -> bytes:
    """The image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
