"""The words and the pairs of words by which disguised words are read: bot/reading/words.en.txt and pairs.en.bin.

    python -m training.words TRAIN_FOLDER
    python -m training.words --rare /usr/share/dict/british-english /usr/share/dict/american-english

Counts in how many texts of the training data each word stands, and writes those that are common enough, the commonest first; then
the words of the model's vocabulary that the texts do not have. Left out: rare spellings of words that people hide, and letters
that are abbreviations in one trade only. Then counts which word follows which, and writes how much likelier that makes it.

With --rare it writes rare.en.txt: the words and names of dictionaries (those of Debian's packages wbritish and wamerican, made from SCOWL)
that the list does not have, but for those that are hidden words or known spellings of them. Nobody who writes one of these hides a word.
Rules: the same data give the same files; no word of fewer than seven texts stands in the list that the model's vocabulary does not
know, but for those of three letters that are named here; no pair that stands fewer than two times in the data stands in the table.
"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log
from pathlib import Path

from tokenizers import Tokenizer

from bot.core.text import fold, words
from bot.reading.pairs import table
from bot.reading.spellings import HIDDEN, SPELT, spellings
from bot.reading.vocabulary import Vocabulary, named
from bot.reading.wordlist import PAIRS, RARE, WORDS, load_words

READING = Path(__file__).parent.parent / "bot" / "reading"
TOKENS = Path(__file__).parent.parent / "bot" / "toxicity" / "tokenizer.json"
TWO_LETTERS = frozenset(
    "to is of in it be on my if so as do me or no at an up we im by he rt go am us oh ok id hi ya yo ur uk re tv em cd mr ah da ip iq bc "
    "bs ex op dr pc pm af vs ha bi tf os ad eu uh ms eh ps um gf ie ma pa".split()
)
"""Words of two letters; all others are pieces of words."""
THREE_LETTERS = frozenset(
    "ace add ads aid aim air ale ant ape arc ash aux awe axe aye bay bed bee bet bib bid bin bow bra bud bug bun bus cab cap cod cog cop "
    "cot cow cub cud cue cup dab den dew dig dim din dip dot dub dud due dug duo dye ear eel egg elf elk elm emu era eve ewe eye fan fax "
    "fee fen few fig fin fir fit fix flu fly foe fog fry fun fur gag gap gem get gig gin gum gut guy gym ham hat hay hem hen hid hip hob "
    "hog hop hub hug hum hut ice icy ill ink inn ion ivy jab jam jar jaw jet jog joy jug keg ken key kid kin kit lab lap led leg lid lip "
    "lit log lot mat may men met mix mob mop mow mud mug mum nag nan nap net nib nip nod nor now nun nut oak oar oat odd ode off oil old "
    "opt orb ore our out owe owl own pal pan par pat paw pay pea peg pen per pet pew pie pin pip pit ply pod pot pro pub pun pup put rag "
    "ram ran rap rat raw ray red ref rib rid rig rim rip rob rod row rub rug rum run rut rye sad sat saw sea set sew shy sim sin sip sir "
    "sit six ski sky sly sob son soy spa spy sty sub sue sum sun tab tag tan tap tar tax tea ten tie tin tip toe tom ton top tow toy try "
    "tub tug two urn van vat vet via vow wan war wax way web wed wee wet wig win wit wok won woo yam yap yen yes yet zip zoo".split()
)
"""Words of three letters that stand in the list however rare they are in the data; all others are names and abbreviations."""
THREE_LETTERS_TEXTS_MIN, TEXTS_MIN, PAIRS_MIN = 70, 7, 2
RARE_LETTERS_MIN = 4
SLURS_TOO = frozenset({"fagot", "fagots", "faggoting", "cnut"})
"""Words of dictionaries that hardly anybody writes but as spellings of hidden ones."""
RARE_TOO = frozenset({"cox", "incl", "sapper", "sappers", "twas"})
"""Words that are short, or that the dictionaries do not have."""
DISCOUNT, GAIN_MIN = 0.5, 0.5
"""What is taken off each count of a pair, as most pairs were never seen (absolute discounting); and the smallest gain in nats that is kept."""
LOSS_MIN, EXPECTED_MIN = 0.25, 8
"""The smallest loss that is kept, of pairs that would stand together so often by chance: "the your"."""
COST_OFFSET, UNSEEN = 2.2, 0.9
"""By how much the cost of a word, the logarithm of its rank, is less than that of its share of all words; what a word that was never
seen behind another costs there (0.4 of its share: "stupid backoff", Brants et al. 2007)."""


def texts(folder: Path) -> Iterator[str]:
    """The folded texts of the training data, each once a set."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from (fold(text).text for text in dict.fromkeys(json.loads(line)["text"] for line in file))


def counted(folder: Path) -> Counter[str]:
    """In how many texts of the training data each word stands, without apostrophes."""
    counts: Counter[str] = Counter()
    for text in texts(folder):
        counts.update({word.replace("'", "") for word, _, _ in words(text)})
    return counts


def listed(counts: Counter[str], vocabulary: list[str]) -> list[str]:
    """The words of the list, in its order."""
    misspelt = {spelling for word in HIDDEN for spelling in spellings(word)} | set(SPELT)
    known = frozenset(vocabulary)

    def stands(word: str, count: int) -> bool:
        if not (word.isascii() and word.isalpha()):
            return False
        if len(word) == 1:
            return word in "aiu"
        if len(word) == 2:  # noqa: PLR2004 - letters
            return word in TWO_LETTERS
        if len(word) == 3:  # noqa: PLR2004 - letters
            return word in THREE_LETTERS or (count >= THREE_LETTERS_TEXTS_MIN and word not in misspelt)
        return word in known or (count >= TEXTS_MIN and word not in misspelt)

    common = [word for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) if stands(word, count)]
    more = [word for word in vocabulary if len(word) > 3] + sorted(THREE_LETTERS)  # noqa: PLR2004 - letters
    there = frozenset(common)
    return common + [word for word in more if word not in there]


def pairs(folder: Path, common: Sequence[str]) -> dict[tuple[int, int], float]:
    """How much likelier a word is behind another with nothing but a blank between them, in nats, by their places."""
    vocabulary = Vocabulary(common)
    costs = [vocabulary.cost(word) for word in named(common)]
    places = {word: place for place, word in enumerate(named(common))}
    together: Counter[tuple[int, int]] = Counter()
    for text in texts(folder):
        before, end = -1, 0
        for word, start, after in words(text):
            place = places.get(word.replace("'", ""), -1)
            if place >= 0 and before >= 0 and text[end:start] == " ":
                together[before, place] += 1
            before, end = place, after
    first, second = Counter[int](), Counter[int]()
    for (one, other), count in together.items():
        first[one] += count
        second[other] += count

    def gain(one: int, other: int, count: float) -> float:
        return log(count / first[one]) + costs[other] + COST_OFFSET + UNSEEN

    gains = {pair: gain(*pair, count - DISCOUNT) for pair, count in together.items() if count >= PAIRS_MIN}
    gains = {pair: gained for pair, gained in gains.items() if gained > GAIN_MIN}
    for one, other in expected(first, second):
        if (gained := gain(one, other, together[one, other] + DISCOUNT)) < -LOSS_MIN:
            gains[one, other] = gained
    return gains


def expected(first: Counter[int], second: Counter[int]) -> Iterator[tuple[int, int]]:
    """Pairs of words that are so common that they would stand together so often if words followed each other by chance."""
    total, commonest = second.total(), second.most_common()
    for one, count in first.items():
        for other, times in commonest:
            if count * times / total < EXPECTED_MIN:
                break
            yield one, other


def rare(dictionaries: Sequence[Path], common: Sequence[str]) -> list[str]:
    """The words and names of dictionaries that a list does not have, as they are folded, in the order of the alphabet."""
    there = frozenset(common) | HIDDEN | frozenset(SPELT) | SLURS_TOO
    lines = (line for path in dictionaries for line in path.read_text(encoding="utf-8").splitlines() if not line.endswith("'s"))
    known = {word for line in lines if len(word := fold(line).text.replace("'", "")) >= RARE_LETTERS_MIN and word.isascii()}
    return sorted(word for word in (known | RARE_TOO) - there if word.isalpha())


def write_rare(dictionaries: Sequence[Path]) -> None:
    """Write the rare words, behind the lines that say whose they are."""
    path = READING / RARE
    whose = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    path.write_text("".join(f"{line}\n" for line in (*whose, *rare(dictionaries, load_words()))), encoding="utf-8")


def main(folder: Path) -> None:
    """Write the words and the pairs."""
    vocabulary = Tokenizer.from_file(str(TOKENS)).get_vocab()
    plain = [word for word, _ in sorted(vocabulary.items(), key=lambda pair: pair[1]) if word.isascii() and word.isalpha()]
    common = listed(counted(folder), plain)
    (READING / WORDS).write_text("".join(f"{word}\n" for word in common), encoding="utf-8")
    (READING / PAIRS).write_bytes(table(named(common), pairs(folder, common)))


if __name__ == "__main__":
    if sys.argv[1] == "--rare":
        write_rare([*map(Path, sys.argv[2:])])
    else:
        main(Path(sys.argv[1]))
