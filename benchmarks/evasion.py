"""How much of what the shipped policy finds is still found when it is disguised, in eight ways and more.

    python -m benchmarks.evasion FILE.jsonl[.gz] [...] [--most N] [--policy NAME]

Takes the texts labelled toxic in sets that Steward was not trained on, keeps those in which the policy finds something when they
are said to a member, disguises each and judges it again. Prints, for each disguise, how many are still found by any rule in
review or enforce, and examples of those that are not. The same seed gives the same disguises.
"""

import argparse
import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from bot.core.policy import Example
from bot.examples import acting, judge_example
from bot.folders import load_policy
from bot.toxicity.embedded import EmbeddedScorer

MEMBER = "dana"
CHARS_MAX = 280
LOOK_ALIKES = str.maketrans("aceopxyis", "асеорхуіѕ")  # noqa: RUF001 - Cyrillic
LEET = str.maketrans("oieast", "013457")
FULL = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
WORD = re.compile(r"(?<![\w@#/&.:-])[A-Za-z]{4,}(?![\w@:/;]|\.\w)")
"""Names, links and tags stay: disguised they would lead nowhere."""


def each_word(change: Callable[[str, random.Random], str]) -> Callable[[str, random.Random], str]:
    """Disguise every word of four letters or more, and leave the rest."""
    return lambda text, chance: WORD.sub(lambda found: change(found[0], chance), text)


def leet(word: str, chance: random.Random) -> str:
    """One or two letters as digits, as people do it."""
    places = [n for n, letter in enumerate(word) if letter in "oieast"]
    for n in chance.sample(places, min(2, len(places))):
        word = word[:n] + word[n].translate(LEET) + word[n + 1 :]
    return word


def longer(word: str, chance: random.Random) -> str:
    """A vowel, or else the last letter, three to six times."""
    vowels = [n for n, letter in enumerate(word) if letter in "aeiou"]
    n = chance.choice(vowels) if vowels else len(word) - 1
    return word[:n] + word[n] * chance.randint(3, 6) + word[n + 1 :]


DISGUISES: Mapping[str, Callable[[str, random.Random], str]] = {
    "look-alike letters": lambda text, _: text.translate(LOOK_ALIKES),
    "full-width letters": lambda text, _: text.translate(FULL),
    "zero-width spaces": each_word(lambda word, _: "\u200b".join(word)),
    "combining marks": each_word(lambda word, _: "".join(letter + "\u0336" for letter in word)),
    "elongation": each_word(longer),
    "leet": each_word(leet),
    "markup": each_word(lambda word, chance: f"{word[:2]}**{word[2:]}**" if chance.random() < 0.5 else f"||{word}||"),
    "emoji letters": each_word(lambda word, _: "".join(chr(0x1F170 + ord(c) - 97) for c in word.lower())),
    "spaced-out words": each_word(lambda word, chance: " ".join(word) if chance.random() < 0.5 else word),
    "dotted words": each_word(lambda word, chance: ".".join(word) if chance.random() < 0.5 else word),
}


def texts_of(paths: list[Path]) -> Iterator[str]:
    """Texts that people labelled toxic."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            lines = map(json.loads, file)
            yield from (line["text"] for line in lines if line.get("toxic") and len(line["text"]) <= CHARS_MAX)


def main() -> None:
    """Find, disguise, find again, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=300, help="abusive messages caught clean that are disguised")
    parser.add_argument("--policy", default="labour-social-media")
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    policy, scorer, chance = load_policy(options.policy), EmbeddedScorer(workers=1), random.Random(1)

    def found(text: str) -> bool:
        return bool(acting(judge_example(Example(say=text, reply_to=MEMBER), policy, scorer.score_now).verdict))

    texts = list(chain(texts_of(options.files)))
    chance.shuffle(texts)
    caught: list[str] = []
    read = 0
    for text in texts:
        read += 1
        if found(text):
            caught.append(text)
        if len(caught) >= options.most:
            break
    print(f"{len(caught)} of {read} abusive messages are found clean")
    for name, disguise in DISGUISES.items():
        disguised = [disguise(text, chance) for text in caught]
        missed = [text for text in disguised if not found(text)]
        print(f"{name}: {100 * (1 - len(missed) / len(caught)):.1f} % still found")
        for text in missed[: options.show]:
            print(f"    {text[:150]!r}")


if __name__ == "__main__":
    main()
