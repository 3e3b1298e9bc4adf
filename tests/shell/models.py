"""The model that ships, with another card."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.toxicity.embedded import CARD, HERE, MODEL, TOKENS, EmbeddedScorer


@contextmanager
def with_card(folder: Path, **changes: bool) -> Iterator[EmbeddedScorer]:
    """The scorer of the weights that ship, where the card says something else of how texts are read."""
    for name in (MODEL, TOKENS):
        shutil.copyfile(HERE / name, folder / name)
    card = json.loads((HERE / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps(card | changes), encoding="utf-8")
    scorer = EmbeddedScorer(folder, workers=1)
    yield scorer
    asyncio.run(scorer.close())
