"""The rows of each stage: the public sets and the written lines, how often and how heavy.

Knows how much of what. Must not know models. Rules: seeded; held-out categories are never in it unless asked for; a
group that is merely named is changed for another in a share of the rows, so that no group's name means anything alone.
"""

import dataclasses
import random
import re
from collections.abc import Mapping

from training.augment import hurried, in_company, regrouped, renamed
from training.bag_of_words import misled
from training.labels import Labelled
from training.places import HEADS, SWAPS
from training.written import Line, held_out_categories, read_lines

WRITTEN_WEIGHT = 2.0
# No rule asks for `toxicity` by itself: it may stay nearer to what the public sets call so, while the other heads follow the code of conduct.
WRITTEN_TOXICITY_WEIGHT = 1.0
MISLED_GAIN = 1.6  # for lines whose words alone point to the wrong side (training/bag_of_words.py)
REGROUPED_SHARE = 0.25
PUBLIC_COPIES = {"cad": 2, "convabuse": 2}  # the nearest to our work, and the only short chat aimed at somebody
# Of these a part teaches as much as all: casual profanity, hate made up for a contest, and civil talk that no head ever doubted.
STAGE_ONE_MOST = {"davidson": 8_000, "jigsaw_neg": 2_500, "dynhate": 26_000, "irc": 11_000}
HURRIED_SHARE = 0.5  # of the copies of a carefully written line
JOINED_SHARE = 0.5  # of the last copy
SWAPS_PER_SENTENCE = 14
SWAPS_PER_SENTENCE_LATER = 8
SWAPS_BUNDLE = 8
# What stage three, and the heads at the end, see of the public sets: some of all, and all that is nearest to a branch's chat.
STAGE_THREE_PUBLIC = {
    "cad": 13_402,
    "spliced": 9_000,
    "convabuse": 1_640,
    "kennedy_mhs": 12_000,
    "hatexplain": 12_000,
    "dynhate": 10_000,
    "hatemojibuild": 3_937,
    "civil_spans": 7_000,
    "jigsaw_half": 6_000,
    "jigsaw_neg": 800,
    "jigsaw_sample6": 900,
    "davidson": 2_500,
    "edos": 1_500,
    "fox_news": 1_000,
    "irc": 3_500,
}
HEADS_PUBLIC = {
    "cad": 13_300,
    "spliced": 11_600,
    "convabuse": 1_640,
    "jigsaw_half": 7_000,
    "civil_spans": 3_000,
    "hatexplain": 4_000,
    "kennedy_mhs": 4_000,
    "dynhate": 7_000,
    "hatemojibuild": 2_500,
    "irc": 8_000,
    "jigsaw_neg": 1_500,
    "edos": 1_000,
    "davidson": 800,
    "fox_news": 1_500,
}
SWAPS_WEIGHT = 1.5
_THREAT = HEADS.index("threat")


def from_line(line: Line) -> Labelled:
    """Return a written line as a training row; what two readers would label differently is masked."""
    return Labelled(
        source=f"written/{line.category}",
        text=line.text,
        targets=tuple(float(value or 0) for value in line.labels),
        weights=tuple(
            0.0 if value is None else WRITTEN_TOXICITY_WEIGHT if head == "toxicity" else WRITTEN_WEIGHT
            for head, value in zip(HEADS, line.labels, strict=True)
        ),
        attacked=line.attacked or None,
        bundle=f"order/{line.pair}",
    )


def written(*, held_out: bool) -> list[Labelled]:
    """Return each written line once, as it stands; those whose words mislead weigh more."""
    absent = held_out_categories() if held_out else frozenset()
    lines = [line for line in read_lines() if line.category not in absent]
    return [
        dataclasses.replace(row, weights=tuple(weight * MISLED_GAIN for weight in row.weights)) if wrong else row
        for row, wrong in zip(map(from_line, lines), misled(lines), strict=True)
    ]


def varied(rows: list[Labelled], chance: random.Random) -> list[Labelled]:
    """Return the rows with other first names, some typed in haste: what is said of one member is as fine, or as foul, said of another."""
    made = []
    for row in rows:
        text = renamed(row.text, chance)
        if text[:1].isupper() and chance.random() < HURRIED_SHARE:
            text = hurried(text, chance)
        made.append(dataclasses.replace(row, text=text))
    return made


def among(rows: list[Labelled], chance: random.Random) -> list[Labelled]:
    """Return the rows, a share of them among harmless lines: what is foul stays so in company, what is fine too."""
    harmless = [row.text for row in rows if not any(row.targets) and all(row.weights)]
    return [
        dataclasses.replace(row, text=in_company(row.text, harmless, chance)) if chance.random() < JOINED_SHARE else row for row in rows
    ]


def _content(name: str) -> list[str]:
    lines = (SWAPS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


_THREATENS, _MAY_THREATEN = "!", "~"
"""Before a sentence of attacking.txt: it threatens; two readers would differ on whether it does."""


def _threat_of(line: str) -> dict[str, tuple[float, float]]:
    if line.startswith(_THREATENS):
        return {"threat": (1.0, SWAPS_WEIGHT)}
    return {"threat": (0.0, 0.0)} if line.startswith(_MAY_THREATEN) else {}


_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou](?!krain))", re.IGNORECASE)


def swaps(chance: random.Random, per_sentence: int = SWAPS_PER_SENTENCE, *, bundled: bool = False) -> list[Labelled]:
    """Return the sentences of swaps/ with many groups each: what is fine, or an attack, is so whoever is named."""
    groups: dict[str, list[tuple[str, str]]] = {"a": [], "p": []}
    for line in _content("groups.txt"):
        form, characteristic, group = line.split("|")
        groups[form].append((characteristic, group))
    made = []
    for name, attack in (("benign.txt", 0.0), ("attacking.txt", 1.0)):
        for line in _content(name):
            sentence = line.lstrip(_THREATENS + _MAY_THREATEN)
            form = "a" if "{a}" in sentence else "p"
            chosen = chance.sample(groups[form], min(per_sentence, len(groups[form])))
            for number, (characteristic, group) in enumerate(chosen):
                written = group.lower() if chance.random() < 0.4 else group  # noqa: PLR2004
                text = _BEFORE_VOWEL.sub(r"\1n ", sentence.replace(f"{{{form}}}", written))
                known = dict.fromkeys(HEADS, (0.0, SWAPS_WEIGHT))
                if attack:
                    known |= {"toxicity": (1.0, SWAPS_WEIGHT), "identity_attack": (1.0, SWAPS_WEIGHT), "insult": (0.0, 0.0)}
                    known |= _threat_of(line)
                made.append(
                    Labelled(
                        source=f"swaps/{name}",
                        text=text[:1].upper() + text[1:] if sentence[:1] != sentence[:1].lower() else text,
                        targets=tuple(known[head][0] for head in HEADS),
                        weights=tuple(known[head][1] for head in HEADS),
                        attacked=(characteristic,),
                        bundle=f"same/{name}/{sentence}/{number // SWAPS_BUNDLE}" if bundled else None,
                    )
                )
    return made


def _regrouped(rows: list[Labelled], chance: random.Random) -> list[Labelled]:
    made = []
    for row in rows:
        text = regrouped(row.text, chance) if chance.random() < REGROUPED_SHARE else row.text
        # Another group, another characteristic perhaps: the words of the new text say which.
        made.append(row if text == row.text else dataclasses.replace(row, text=text, attacked=None))
    return made


def _nearly_all(public: list[Labelled], chance: random.Random, times: Mapping[str, int] = PUBLIC_COPIES) -> list[Labelled]:
    rows: list[Labelled] = []
    public = [row for row in public if any(row.weights) or row.taught]
    for source in sorted({row.source for row in public}):
        known = [row for row in public if row.source == source]
        rows += chance.sample(known, min(len(known), STAGE_ONE_MOST.get(source, len(known)))) * times.get(source, 1)
    return rows


def public_once(public: list[Labelled], *, held_out: bool, seed: int) -> list[Labelled]:
    """Return nearly all public rows, each once, and nothing else (so that `held_out` changes nothing)."""
    del held_out
    return _nearly_all(public, random.Random(seed), {})


def stage_one(public: list[Labelled], *, held_out: bool, seed: int) -> list[Labelled]:
    """Return the rows of stage one as they stand: the public sets, the written lines, and the sentences with many groups."""
    chance = random.Random(seed)
    return [*_nearly_all(public, chance), *written(held_out=held_out), *swaps(chance, SWAPS_PER_SENTENCE_LATER)]


def sample(public: list[Labelled], counts: dict[str, int], chance: random.Random) -> list[Labelled]:
    """Return so many rows of each source, those first of which a teacher spoke, groups exchanged in a share of them."""
    rows = []
    for source, count in counts.items():
        known = [row for row in public if row.source == source and (any(row.weights) or row.taught)]
        chance.shuffle(known)
        rows += sorted(known, key=lambda row: row.taught is None)[:count]
    return _regrouped(rows, chance)


def copies(*copies: list[Labelled]) -> list[Labelled]:
    """Return the copies of the lines, the pairs of each to themselves."""
    return [dataclasses.replace(row, bundle=f"{row.bundle}#{number}") for number, copy in enumerate(copies) for row in copy]


def _lines_and_swaps(chance: random.Random, *, held_out: bool) -> list[Labelled]:
    """Return the written lines in their pairs twice, as they stand and varied, half of those among harmless ones; and bundles of `swaps`."""
    lines = written(held_out=held_out)
    return copies(lines, among(varied(lines, chance), chance)) + swaps(chance, SWAPS_PER_SENTENCE_LATER, bundled=True)


def stage_two(public: list[Labelled], *, held_out: bool, seed: int) -> list[Labelled]:
    """Return the rows of one pass of stage two: the public sets again, groups exchanged, and the written lines in their pairs twice."""
    chance = random.Random(seed)
    return _regrouped(_nearly_all(public, chance), chance) + _lines_and_swaps(chance, held_out=held_out)


def stage_three(public: list[Labelled], *, held_out: bool, seed: int) -> list[Labelled]:
    """Return the rows of stage three: as in stage two, of the public sets less and what is nearest to a branch's chat."""
    chance = random.Random(seed)
    return sample(public, STAGE_THREE_PUBLIC, chance) + _lines_and_swaps(chance, held_out=held_out)


def joined(rows: list[Labelled], chance: random.Random) -> list[Labelled]:
    """Return a share of the rows once more, among harmless lines."""
    return [after for before, after in zip(rows, among(rows, chance), strict=True) if after is not before]


def nearest(public: list[Labelled], chance: random.Random) -> list[Labelled]:
    """Return the public rows that the heads are fitted to: all threats, and what is nearest to a branch's chat."""
    threats = [row for row in public if row.weights[_THREAT] and row.targets[_THREAT] >= 0.5]
    return _regrouped(threats, chance) + sample(public, HEADS_PUBLIC, chance)
