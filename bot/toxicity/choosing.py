"""Which scorer is used: the embedded one, or Detoxify where its package is installed.

Knows: how a scorer is named, and what to say where a package is missing. Must not know: how any of them works.
Rules: torch and its relatives are imported only where somebody asked for Detoxify; without them everything else works.
"""

from pathlib import Path

from bot.ports import Scorer
from bot.toxicity.embedded import HERE, EmbeddedScorer
from bot.toxicity.reading import ScorerError

DETOXIFY = "detoxify"
INSTALL = "pip install torch==2.13.0 'steward-bot[detoxify]'"
"""Torch first and by itself where PyPI's build for graphics cards is not wanted: README.md says how."""


def open_scorer(choice: str, folder: Path | None, *, workers: int | None = None) -> Scorer:
    """The scorer that is chosen: "" is the embedded model (of `folder`, where one is given), "detoxify:NAME" Detoxify's.

    Raises ScorerError.
    """
    if not choice:
        return EmbeddedScorer(folder or HERE, workers=workers)
    kind, _, name = choice.partition(":")
    if kind != DETOXIFY or not name:
        raise ScorerError(
            f"STEWARD_SCORER is {choice!r}: leave it empty, or set detoxify:original, :unbiased, :multilingual, or detoxify:FILE"
        )
    if folder is not None:
        raise ScorerError("STEWARD_SCORER and STEWARD_MODEL are both set: unset one of them")
    try:
        from bot.toxicity.detoxify import DetoxifyScorer  # noqa: PLC0415 - torch is an extra, and takes seconds to load
    except ImportError as error:
        raise _not_installed(error) from error
    return DetoxifyScorer(name, workers=workers)


def convert(checkpoint: str, folder: Path) -> str:
    """Turn a checkpoint of Detoxify's into a folder for STEWARD_MODEL; gives what to tell the operator. Raises ScorerError."""
    try:
        from bot.toxicity import converting  # noqa: PLC0415 - as above
    except ImportError as error:
        raise _not_installed(error) from error
    return converting.convert(checkpoint, folder)


def _not_installed(error: ImportError) -> ScorerError:
    return ScorerError(f"Detoxify needs packages that are not installed ({error.name}): {INSTALL}")
