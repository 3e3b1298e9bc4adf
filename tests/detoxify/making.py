"""Small checkpoints in Detoxify's own format, with random weights: what is tested is the way, not the wisdom.

The weights are drawn wide enough that scores spread over 0 to 1 and that every token matters.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertTokenizer,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaTokenizer,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaTokenizer,
)

ORIGINAL = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
"""The classes of the release `original`, by the names in its file."""
UNBIASED = ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit"]
"""Those of `unbiased`, whose model has nine outputs more that have no class."""
OUTPUTS_UNBIASED = 16
WORDS = "you are a the stupid idiot budget is disgrace see at stall on saturday good evening member thank all vote for".split()
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?@'"
SHAPE = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128, "initializer_range": 0.15}


@dataclass(frozen=True, slots=True)
class Made:
    """A checkpoint, its folder with config and tokenizer, and its classes as Detoxify calls them in the end."""

    file: Path
    folder: Path


def bert(folder: Path, *, named: str = "", positions: int = 512, classes: list[str] | None = None) -> Made:
    """As `original`. `named` is the base model that the checkpoint names; its own folder unless told."""
    torch.manual_seed(1)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{one}" for one in LETTERS), *WORDS]
    words = {word: number for number, word in enumerate(dict.fromkeys(vocabulary))}
    BertTokenizer(vocab=words, model_max_length=positions).save_pretrained(folder)
    config = BertConfig(vocab_size=len(words), max_position_embeddings=positions, num_labels=6, **SHAPE)
    return _save(folder, BertForSequenceClassification(config), "BertTokenizer", classes or ORIGINAL, named or str(folder))


def roberta(folder: Path, *, named: str = "") -> Made:
    """As `unbiased`: other marks, positions counted from the padding, more outputs than classes."""
    torch.manual_seed(2)
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    # Byte-level: "Ġ" stands for a space; merges build a few words from letters.
    pairs = [("y", "o"), ("yo", "u"), ("Ġ", "a"), ("i", "d"), ("Ġ", "s"), ("t", "h"), ("th", "e")]
    letters = ["Ġ", *LETTERS, *LETTERS[:26].upper()]
    words = {word: number for number, word in enumerate([*specials, *letters, *("".join(pair) for pair in pairs)])}
    RobertaTokenizer(vocab=words, merges=pairs, model_max_length=64).save_pretrained(folder)
    config = RobertaConfig(
        vocab_size=len(words),
        max_position_embeddings=66,
        num_labels=OUTPUTS_UNBIASED,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        type_vocab_size=1,
        **SHAPE,
    )
    return _save(folder, RobertaForSequenceClassification(config), "RobertaTokenizer", UNBIASED, named or str(folder))


def xlm_roberta(folder: Path) -> Made:
    """As `multilingual`: a vocabulary of pieces with their log-probabilities."""
    torch.manual_seed(3)
    specials = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces = [*specials, ("▁", -2.0), *((one, -4.0) for one in LETTERS), *((f"▁{word}", -3.0) for word in WORDS), ("<mask>", 0.0)]
    XLMRobertaTokenizer(vocab=pieces, model_max_length=64).save_pretrained(folder)
    config = XLMRobertaConfig(
        vocab_size=len(pieces),
        max_position_embeddings=66,
        num_labels=OUTPUTS_UNBIASED,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        type_vocab_size=1,
        **SHAPE,
    )
    return _save(folder, XLMRobertaForSequenceClassification(config), "XLMRobertaTokenizer", UNBIASED, str(folder))


def _save(folder: Path, model: Any, tokenizer: str, classes: list[str], named: str) -> Made:
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():  # drawn narrow, all scores would be near one half
        (model.classifier.out_proj if hasattr(model.classifier, "out_proj") else model.classifier).weight.mul_(2)
    model.config.save_pretrained(folder)
    arguments = {
        "model_type": named,
        "model_name": type(model).__name__,
        "tokenizer_name": tokenizer,
        "num_classes": model.config.num_labels,
    }
    config = {"arch": {"type": "BERT", "args": arguments}, "dataset": {"args": {"classes": classes}}}
    file = folder / "small.ckpt"
    torch.save({"config": json.loads(json.dumps(config)), "state_dict": model.state_dict()}, file)
    return Made(file, folder)
