"""The list of words by which disguised words are read: bot/reading/words.en.txt.

    python -m training.words TRAIN_FOLDER > bot/reading/words.en.txt

Counts in how many texts of the training data each word stands, and writes those that are common enough, the commonest first; then
the words of the model's vocabulary that the texts do not have. Left out: rare spellings of words that people hide, and letters
that are abbreviations in one trade only. Rules: the same data give the same list; no word of fewer than seven texts stands in it
that the model's vocabulary does not know.
"""

import gzip
import json
import sys
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

from bot.core.text import fold, words
from bot.reading.vocabulary import HIDDEN, SPELT, spellings

TOKENS = Path(__file__).parent.parent / "bot" / "toxicity" / "tokenizer.json"
PAIRS = frozenset(
    "to is of in it be on my if so as do me or no at an up we im by he rt go am us oh ok id hi ya yo ur uk re tv em cd mr ah da ip iq bc "
    "bs ex op dr pc pm af vs ha bi tf os ad eu uh ms eh ps um gf ie ma pa".split()
)
"""Words of two letters; all others are pieces of words."""
THREE_LETTERS_TEXTS_MIN, TEXTS_MIN = 70, 7


def counted(folder: Path) -> Counter[str]:
    """In how many texts of the training data each word stands, without apostrophes."""
    counts: Counter[str] = Counter()
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                counts.update({word.replace("'", "") for word, _, _ in words(fold(json.loads(line)["text"]).text)})
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
            return word in PAIRS
        if len(word) == 3:  # noqa: PLR2004 - letters
            return count >= THREE_LETTERS_TEXTS_MIN and word not in misspelt
        return word in known or (count >= TEXTS_MIN and word not in misspelt)

    common = [word for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) if stands(word, count)]
    there = frozenset(common)
    return common + [word for word in vocabulary if word not in there and len(word) > 3]  # noqa: PLR2004 - letters


if __name__ == "__main__":
    vocabulary = Tokenizer.from_file(str(TOKENS)).get_vocab()
    plain = [word for word, _ in sorted(vocabulary.items(), key=lambda pair: pair[1]) if word.isascii() and word.isalpha()]
    sys.stdout.write("".join(f"{word}\n" for word in listed(counted(Path(sys.argv[1])), plain)))
