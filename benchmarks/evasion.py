"""How much of what the shipped policy finds is still found when it is disguised, in seventy ways.

    python -m benchmarks.evasion FILE.jsonl[.gz] [...] [--most N] [--policy NAME]

Takes the texts labelled toxic in sets that Steward was not trained on, keeps those in which the policy finds something when they
are said to a member, disguises each and judges it again. Prints, for each disguise, how many are still found by any rule in
review or enforce, and examples of those that are not. Each disguise has a seed of its own, so that it is the same
however many others are asked for.
"""

import argparse
import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import chain, pairwise
from pathlib import Path

from bot.core.policy import Example
from bot.examples import acting, judge_example, judge_history
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


KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
WEB = str.maketrans("aeiostlbc", "@3!0$7|8(")
SMALL = str.maketrans("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ")
GREEK = str.maketrans("abeiknoptuvxy", "αβεικηορτυνχγ")
TURNED = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz")  # noqa: RUF001 - letters on their heads
EVERY = re.compile(r"(?<![\w@#/&.:-])[A-Za-z]+(?![\w@:/;]|\.\w)")


def whole(change: Callable[[str], str]) -> Callable[[str, random.Random], str]:
    """Disguise every word, the short ones too."""
    return lambda text, _: EVERY.sub(lambda found: change(found[0]), text)


def starred(word: str, chance: random.Random) -> str:
    """One vowel starred."""
    vowels = [n for n, letter in enumerate(word) if n and letter in "aeiouAEIOU"]
    n = chance.choice(vowels) if vowels else len(word) // 2
    return word[:n] + "*" + word[n + 1 :]


def swapped(word: str, chance: random.Random) -> str:
    """Two letters that stand beside each other, not the first."""
    n = chance.randrange(1, len(word) - 1)
    return word[:n] + word[n + 1] + word[n] + word[n + 2 :]


def dropped(word: str, chance: random.Random) -> str:
    """One letter missing, not the first."""
    n = chance.randrange(1, len(word))
    return word[:n] + word[n + 1 :]


def doubled(word: str, chance: random.Random) -> str:
    """One letter twice."""
    n = chance.randrange(len(word))
    return word[:n] + word[n] + word[n:]


def slipped(word: str, chance: random.Random) -> str:
    """The key beside one of the letters, not of the first."""
    n = chance.randrange(1, len(word))
    row = next((row for row in KEYS if word[n].lower() in row), "")
    near = (
        [row[place] for place in (row.index(word[n].lower()) - 1, row.index(word[n].lower()) + 1) if 0 <= place < len(row)] if row else []
    )
    return word[:n] + (chance.choice(near) if near else word[n]) + word[n + 1 :]


def cut(word: str, chance: random.Random) -> str:
    """A blank within."""
    n = chance.randrange(2, len(word) - 1)
    return word[:n] + " " + word[n:]


def zalgo(word: str, chance: random.Random) -> str:
    """Marks above and below every letter."""
    return "".join(letter + "".join(chr(chance.randint(0x300, 0x36F)) for _ in range(3)) for letter in word)


def backwards(text: str, _: random.Random) -> str:
    """The whole text from its end."""
    return text[::-1]


def joined(text: str, _: random.Random) -> str:
    """Words that follow each other without a sign, run together by threes."""
    return re.sub(r"([A-Za-z]+) ([A-Za-z]+) ([A-Za-z]+)", r"\1\2\3", text)


def odd_case(text: str, _: random.Random) -> str:
    """iDiOt."""
    return "".join(sign.upper() if n % 2 else sign.lower() for n, sign in enumerate(text))


CURRENCIES = str.maketrans("abcdefghijklmnopqrstuvwxyz", "₳฿₵ĐɆ₣₲ⱧłJ₭Ⱡ₥₦Ø₱QⱤ₴₮ɄV₩ӾɎⱫ")
HOOKS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ąცƈɖɛʄɠɧıʝƙƖɱŋơ℘զཞʂɬų۷ῳҳყʑ")
STROKES = str.maketrans("abcdefghijklmnopqrstuvwxyz", "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙")
BETWEEN = re.compile(r"(?<=[A-Za-z]) (?=[A-Za-z])")
"""The blank between two words."""
SOUNDS = ((r"ph", "f"), (r"ck", "k"), (r"c(?=[aou])", "k"), (r"qu", "kw"), (r"(?<=[aeiou])s(?=[aeiou])", "z"), (r"(?:er|ar|or)\b", "a"),
          (r"ea|ie", "ee"), (r"tion", "shun"), (r"x", "ks"), (r"igh", "y"))  # fmt: skip


def bracketed(word: str, chance: random.Random) -> str:
    """One letter in brackets."""
    n = chance.randrange(len(word))
    return f"{word[:n]}({word[n]}){word[n + 1 :]}"


def with_apostrophe(word: str, chance: random.Random) -> str:
    """An apostrophe within."""
    n = chance.randrange(1, len(word) - 1)
    return word[:n] + "'" + word[n:]


def by_ear(word: str, _: random.Random) -> str:
    """As it sounds."""
    for sound, letters in SOUNDS:
        word = re.sub(sound, letters, word)
    return word


def wrong_vowel(word: str, chance: random.Random) -> str:
    """One vowel, not the first letter, as another one."""
    vowels = [n for n, letter in enumerate(word) if n and letter in "aeiou"]
    n = chance.choice(vowels) if vowels else -1
    return word[:n] + chance.choice([one for one in "aeiou" if one != word[n]]) + word[n + 1 :] if vowels else word


def between(sign: str) -> Callable[[str, random.Random], str]:
    """Something else than a blank between words."""
    return lambda text, _: BETWEEN.sub(sign, text)


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
    "leet, every letter": whole(lambda word: word.lower().translate(LEET)),
    "leet of the web": each_word(lambda word, _: word.lower().translate(WEB)),
    "hyphens": each_word(lambda word, _: "-".join(word)),
    "underscores": each_word(lambda word, _: "_".join(word)),
    "asterisks between": each_word(lambda word, _: "*".join(word)),
    "every word spaced": each_word(lambda word, _: " ".join(word)),
    "whole text spaced": lambda text, _: " ".join(text.replace(" ", "  ")),
    "whole text dotted": whole(".".join),
    "reversed words": each_word(lambda word, _: word[::-1]),
    "reversed text": backwards,
    "right-to-left override": lambda text, _: "\u202e" + text[::-1] + "\u202c",
    "upside down": lambda text, _: text.lower().translate(TURNED)[::-1],
    "a vowel starred": each_word(starred),
    "vowels starred": each_word(lambda word, _: word[0] + re.sub("[aeiouAEIOU]", "*", word[1:])),
    "vowels dropped": each_word(lambda word, _: word[0] + re.sub("[aeiou]", "", word[1:])),
    "letters swapped": each_word(swapped),
    "letters doubled": each_word(doubled),
    "every letter twice": each_word(lambda word, _: "".join(letter * 2 for letter in word)),
    "a letter dropped": each_word(dropped),
    "keyboard slips": each_word(slipped),
    "run together": joined,
    "cut by a blank": each_word(cut),
    "greek": lambda text, _: text.lower().translate(GREEK),
    "mathematical": lambda text, _: text.translate(
        {code: 0x1D400 + code - 65 + (code > 90) * -6 for code in (*range(65, 91), *range(97, 123))}
    ),
    "small capitals": lambda text, _: text.lower().translate(SMALL),
    "circled": lambda text, _: text.lower().translate({code: 0x24D0 + code - 97 for code in range(97, 123)}),
    "regional indicators": each_word(lambda word, _: " ".join(chr(0x1F1E6 + ord(c) - 97) for c in word.lower())),
    "diacritics": lambda text, _: text.translate(str.maketrans("aeiounc", "äëïöüñç")),
    "zalgo": each_word(zalgo),
    "emoji between": each_word(lambda word, chance: chance.choice("😀👏🌹💀").join(word)),
    "bold inside": each_word(lambda word, _: f"{word[:1]}**{word[1:3]}**{word[3:]}"),
    "strike inside": each_word(lambda word, _: f"{word[:2]}~~{word[2:3]}~~{word[3:]}"),
    "spoilers": each_word(lambda word, _: f"||{word[:2]}||{word[2:]}"),
    "slack markup": each_word(lambda word, chance: f"{(sign := chance.choice('*_~'))}{word}{sign}"),
    "code": each_word(lambda word, _: f"`{word}`"),
    "entities": each_word(lambda word, _: "".join(f"&#{ord(letter)};" for letter in word)),
    "mixed case": odd_case,
    "soft hyphens": each_word(lambda word, _: "\u00ad".join(word)),
    "joiners": each_word(lambda word, _: "\u200d".join(word)),
    "bars between words": between(" | "),
    "emoji between words": between(" 🔥 "),
    "emoji for blanks": between("🔥"),
    "underscores between words": between("_"),
    "hyphens between words": between("-"),
    "slashes between words": between("/"),
    "dots between words": between("."),
    "a word a line": between("\n"),
    "a letter in brackets": each_word(bracketed),
    "an apostrophe within": each_word(with_apostrophe),
    "by ear": each_word(by_ear),
    "a wrong vowel": each_word(wrong_vowel),
    "capital I for l": lambda text, _: text.lower().replace("l", "I"),
    "l for i": lambda text, _: text.lower().replace("i", "l"),
    "leet, run together": lambda text, chance: EVERY.sub(lambda found: found[0].lower().translate(LEET), joined(text, chance)),
    "masked links": each_word(lambda word, _: f"[{word}](https://example.org)"),
    "tags of HTML": each_word(lambda word, _: f"<b>{word}</b>"),
    "each word quoted": whole(lambda word: f'"{word}"'),
    "currency signs": lambda text, _: text.lower().translate(CURRENCIES),
    "letters with hooks": lambda text, _: text.lower().translate(HOOKS),
    "strokes of Chinese": lambda text, _: text.lower().translate(STROKES),
    "each word in brackets": whole(lambda word: f"[{word}]"),
}


def texts_of(paths: list[Path]) -> Iterator[str]:
    """Texts that people labelled toxic."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            lines = map(json.loads, file)
            yield from (line["text"] for line in lines if line.get("toxic") and len(line["text"]) <= CHARS_MAX)


def parts_of(text: str, chance: random.Random) -> list[str]:
    """A text cut at blanks into two to four of about the same length."""
    said = text.split()
    count = min(len(said), chance.randint(2, 4))
    cuts = [round(n * len(said) / max(1, count)) for n in range(count + 1)]
    return [" ".join(said[start:end]) for start, end in pairwise(cuts)]


def halves_of(text: str, chance: random.Random) -> list[str]:
    """A text cut anywhere, within a word too."""
    n = chance.randint(len(text) // 3, 2 * len(text) // 3)
    return [text[:n], text[n:]]


SPLITS: Mapping[str, Callable[[str, random.Random], list[str]]] = {"two to four messages": parts_of, "two messages, a word cut": halves_of}


def main() -> None:
    """Find, disguise, find again, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=300, help="abusive messages caught clean that are disguised")
    parser.add_argument("--policy", default="labour-social-media")
    parser.add_argument("--show", type=int, default=3)
    parser.add_argument("--only", default="", help="a regular expression: only disguises with such names")
    options = parser.parse_args()
    policy, scorer = load_policy(options.policy), EmbeddedScorer(workers=1)

    def found(text: str) -> bool:
        return bool(acting(judge_example(Example(say=text, reply_to=MEMBER), policy, scorer.score_now).verdict))

    def found_split(parts: list[str]) -> bool:
        said = [
            Example(say=part, ago=timedelta(seconds=5 * n), reply_to=MEMBER)
            for n, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True)
        ]
        return any(map(acting, judge_history(said, policy, scorer.score_now)))

    caught = caught_clean(list(chain(texts_of(options.files))), found, options.most, random.Random(1))
    for name, disguise in DISGUISES.items():
        if re.search(options.only, name):
            chance = random.Random(f"1/{name}")
            disguised = [disguise(text, chance) for text in caught]
            shown(name, [text for text in disguised if not found(text)], len(caught), options.show)
    for name, split in SPLITS.items():
        if re.search(options.only, name):
            chance = random.Random(f"1/{name}")
            several = [split(text, chance) for text in caught]
            shown(name, [" / ".join(parts) for parts in several if not found_split(parts)], len(caught), options.show)


def caught_clean(texts: list[str], found: Callable[[str], bool], most: int, chance: random.Random) -> list[str]:
    """So many texts in which the policy finds something as they stand."""
    chance.shuffle(texts)
    caught: list[str] = []
    read = 0
    for text in texts:
        read += 1
        if found(text):
            caught.append(text)
        if len(caught) >= most:
            break
    print(f"{len(caught)} of {read} abusive messages are found clean")
    return caught


def shown(name: str, missed: list[str], of: int, most: int) -> None:
    """Print the share that is still found, and some that are not."""
    print(f"{name}: {100 * (1 - len(missed) / of):.1f} % still found", flush=True)
    for text in missed[:most]:
        print(f"    {text[:150]!r}")


if __name__ == "__main__":
    main()
