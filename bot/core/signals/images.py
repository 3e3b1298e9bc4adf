"""Signals about the images of a message: whether one is known, how it is shown.

Knows: a reading, the hashes that a library made of its images. Must not know: the images themselves, libraries, rules, severities.
Rules: those of the package. An image of which nobody knows the hash is never fine: where no other image is found, the answer is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from bot.core.model import Evidence, Role, Seen
from bot.core.signals.basic import NO, Measure, Reading, Signal

HASH_BITS = 256


def distance(one: str, other: str) -> int:
    """In how many of its bits a hash differs from another: 0 for the same, about half of them for images that have nothing in common."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedImage:
    """An image of the message is one of a bank: their hashes differ in at most so many of 256 bits.

    Copies that were made smaller or compressed again differ in up to 12, slightly cropped ones in up to 48; leaflets of one layout with
    other words in 56 and more, other pictures in 90 and more. Needs the extra `images`; where an image cannot be read, the rule is
    unjudged.
    """

    bank: str = field(metadata={"bank": "images"})
    distance_at_most: int = field(metadata={"low": 0, "high": 80})

    def measure(self, reading: Reading) -> Measure:
        """The nearest known image; the reason why it is known is shown, never the image."""
        images = reading.message.images
        if not images:
            return NO
        seen = reading.context.images or (Seen(missing="failure"),) * len(images)
        assert len(seen) == len(images), "one answer for each image"
        known = reading.banks.entries(self.bank)
        near = [(distance(one.hash, entry), entry) for one in seen if one.hash for entry in known]
        nearest = min(near, default=None)
        if nearest is not None and nearest[0] <= self.distance_at_most:
            why = reading.banks.reason(self.bank, nearest[1])
            evidence = Evidence(signal="shared_image", role=Role.SHARED, value=float(nearest[0]), detail=why)
            return Measure(value=True, evidence=(evidence,))
        missing = next((one.missing or "failure" for one in seen if not one.hash), "")
        return Measure(value=None, missing=missing) if missing else NO


class Shown(StrEnum):
    """How an image is shown."""

    ANYHOW = "anyhow"
    SPOILER = "spoiler"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriesImage:
    """The message carries an image, or one that its author put behind a spoiler. Discord has spoilers, Slack has none."""

    single: ClassVar[str] = "shown"
    shown: Shown

    def measure(self, reading: Reading) -> Measure:
        """Count such images; nobody has to look at them."""
        count = sum(one.spoiler or self.shown is Shown.ANYHOW for one in reading.message.images)
        if not count:
            return NO
        detail = "an image behind a spoiler" if self.shown is Shown.SPOILER else "an image"
        return Measure(value=True, evidence=(Evidence(signal="image", role=Role.SHARED, value=float(count), detail=detail),))


SIGNALS: Mapping[str, type[Signal]] = {"shared_image": SharedImage, "image": CarriesImage}
