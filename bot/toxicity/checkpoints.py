"""Detoxify's checkpoints: finds one, makes sure that it is what it says, and has the `detoxify` package open it.

Knows: the packages detoxify, torch and transformers (the extra steward-bot[detoxify]; importing this module without it raises
ImportError, see choosing.py); the published releases and the files that a checkpoint needs beside it. Must not know: how
texts are scored, settings.
Rules: a checkpoint is a pickle, and a pickle can run code. Only a file that the operator named is opened, or a release whose
SHA-256 agrees with what is known of it, before it is opened. What goes wrong is one line that says what to do.

`original` is checked against its whole SHA-256. Of the other releases only the first 32 bits are known to us: their authors
publish them in the file's name. That finds a broken download; it would not stop somebody who forges a file on purpose.
"""

import hashlib
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
import transformers
from detoxify import Detoxify
from detoxify.detoxify import MODEL_URLS, get_model_and_tokenizer
from tokenizers import Tokenizer

from bot.toxicity.reading import ScorerError

LABELS = {
    "toxicity": ("toxicity", "toxic"),
    "insult": ("insult",),
    "threat": ("threat",),
    "obscene": ("obscene",),
    "identity_attack": ("identity_attack", "identity_hate"),
    "sexual": ("sexual_explicit",),
}
"""Our label -> what Detoxify's models call it. Their `severe_toxicity` and the groups that `unbiased` names have none of ours."""
SHA256 = {
    "original": "c1212f89ac23307ab33932ce29dc446a6e030fb3f384a500890bbe662b7b544a",
    "unbiased": "c7548aa0",
    "multilingual": "0b549669",
    "original-small": "0e1d6498",
    "unbiased-small": "c8519128",
}
"""What is known of each release's SHA-256, from its beginning."""
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model")
"""One of these holds the vocabulary of a model."""
TOKENS_MAX = 512
"""Tokens in a window, its marks included: what Detoxify was trained on and cuts a text to."""
POSITIONS_AFTER_PADDING = frozenset({"roberta", "xlm-roberta"})
"""Families that count positions from the padding token's number plus one, so that they have fewer than their table has rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A checkpoint, ready to compute."""

    model: Any
    """A transformers model for sequence classification, in evaluation mode."""
    tokenizer: Any
    """A tokenizers.Tokenizer of its own, without truncation and padding."""
    marks: tuple[str, str]
    """What a window begins and ends with."""
    labels: tuple[str, ...]
    """Those of our labels that the model has."""
    columns: tuple[int, ...]
    """Where each of `labels` stands in the model's output."""
    tokens_max: int
    """Tokens in a window, the two marks included."""
    digest: str
    """SHA-256 of the checkpoint, in full."""


def open_checkpoint(name: str) -> Opened:
    """Open a published release by its name, or a checkpoint by its path. Raises ScorerError."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if name in MODEL_URLS:
        return _release(name)
    file = Path(name)
    if not file.is_file():
        known = ", ".join(MODEL_URLS)
        raise ScorerError(f"there is no checkpoint {file}: name a file, or one of Detoxify's releases ({known})")
    return _local(file)


def _release(name: str) -> Opened:
    """A published one: downloaded once, checked each time."""
    url = MODEL_URLS[name]
    file = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(file), hash_prefix=SHA256[name], progress=False)
        except (OSError, RuntimeError, HTTPException) as error:
            message = (
                f"Detoxify's {name} could not be downloaded ({type(error).__name__}): fetch {url} yourself, put it into a folder with "
                "the config.json and tokenizer files of its base model, and set STEWARD_SCORER=detoxify:THAT_FILE"
            )
            raise ScorerError(message) from error
    digest = _sha256(file)
    if not digest.startswith(SHA256[name]):
        raise ScorerError(f"{file} is not Detoxify's release {name} (its SHA-256 begins with {digest[:8]}): delete it, and start again")
    try:
        loaded = Detoxify(name)
    except Exception as error:  # whatever the hub or its client raises, the operator needs one line
        message = (
            f"the tokenizer and config files for Detoxify's {name} could not be fetched from huggingface.co ({type(error).__name__}): "
            f"put them beside the checkpoint, and set STEWARD_SCORER=detoxify:{file}"
        )
        raise ScorerError(message) from error
    return _opened(loaded.model, loaded.tokenizer, loaded.class_names, digest)


def _local(file: Path) -> Opened:
    """One that the operator has named; its folder holds the other files, so that nothing is fetched from anywhere."""
    folder = file.resolve().parent
    lacking = [] if (folder / "config.json").is_file() else ["config.json"]
    lacking += [] if any((folder / one).is_file() for one in TOKENIZER_FILES) else ["tokenizer.json"]
    if lacking:
        files = " and ".join(lacking)
        raise ScorerError(f"{folder} lacks {files} beside {file.name}: put those of the checkpoint's base model there")
    digest = _sha256(file)
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=False)
        arguments, classes, weights = loaded["config"]["arch"]["args"], loaded["config"]["dataset"]["args"]["classes"], loaded["state_dict"]
    except (OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, ImportError, pickle.PickleError) as error:
        message = (
            f"{file} is no checkpoint of Detoxify's ({type(error).__name__}): it must hold `config` and `state_dict`, see its releases"
        )
        raise ScorerError(message) from error
    try:
        # The package asks huggingface.co for the model that the checkpoint names; a folder in its place is read from disk.
        model, tokenizer = get_model_and_tokenizer(**{**arguments, "model_type": str(folder)}, state_dict=weights)
    except Exception as error:  # the operator needs one line, whatever is wrong in any of four files
        message = f"the files beside {file} do not fit it ({type(error).__name__}): put those of its base model there"
        raise ScorerError(message) from error
    _all_there(model, weights, file)
    return _opened(model, tokenizer, classes, digest)


def _all_there(model: Any, weights: Mapping[str, Any], file: Path) -> None:
    """What a checkpoint lacks would silently be filled with random numbers."""
    lacking = [name for name, _ in model.named_parameters() if name not in weights]
    if lacking:
        raise ScorerError(
            f"{file} lacks {len(lacking)} weights of its model, {lacking[0]} among them: the config.json beside it is another's"
        )


def _opened(model: Any, tokenizer: Any, classes: Sequence[str], digest: str) -> Opened:
    """What scoring and converting need of a model and its tokenizer."""
    model.eval()
    own = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    own.no_truncation()
    own.no_padding()
    marks = (tokenizer.cls_token, tokenizer.sep_token)
    if own.encode("").ids != [own.token_to_id(mark) for mark in marks]:
        raise ScorerError("this model's windows do not begin and end with one mark each: only BERT's and RoBERTa's families can be used")
    if own.get_vocab_size() > model.config.vocab_size:
        raise ScorerError("the tokenizer beside the checkpoint knows more words than the model: it belongs to another one")
    places = {label: classes.index(theirs) for label, names in LABELS.items() for theirs in names if theirs in classes}
    if not places:
        raise ScorerError(f"this model has none of Steward's labels: it scores {', '.join(map(str, classes)) or 'nothing'}")
    return Opened(
        model=model,
        tokenizer=own,
        marks=marks,
        labels=tuple(places),
        columns=tuple(places.values()),
        tokens_max=min(TOKENS_MAX, _positions(model.config)),
        digest=digest,
    )


def _positions(config: Any) -> int:
    """Tokens that the model has positions for."""
    rows = int(config.max_position_embeddings)
    return rows - config.pad_token_id - 1 if config.model_type in POSITIONS_AFTER_PADDING else rows


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
