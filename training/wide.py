"""Fits the wide part: a linear model of words and pairs of words, which is added to what the heads say.

Knows rows as token ids. Must not know the encoder. Rules: a convex problem, so that no seed matters; what is masked teaches nothing.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import torch

from training.model import WIDE_BETWEEN, WIDE_BUCKETS, WIDE_SHRINK, Wide, pair_places
from training.places import HEADS

warnings.filterwarnings("ignore", message="Sparse")  # torch says that its sparse matrices may change

STEPS_MAX = 100
"""Steps of L-BFGS."""
DECAY = 1.0
"""Half of it times the square of each weight is added to the loss, which is summed over the rows."""
SHARE = {"toxicity": 0.25, "insult": 0.5, "threat": 0.5, "obscene": 0.0, "identity_attack": 0.5, "sexual": 0.5}
"""How much of it counts beside the heads, chosen on the dev sets and the held-out lines.

Less for `toxicity`, where more of it follows the words of the public sets; none for `obscene`, which knows its words already."""


def matrix(rows: Sequence[Sequence[int]], words: int) -> torch.Tensor:
    """Return how often each place of the wide part is read in each row of token ids, over the root of their number and WIDE_SHRINK: sparse, [rows, places].

    `words` is the vocabulary's size. What `model.Wide` says of a row is its line here times the table, and the bias.
    """
    inner = [np.asarray(ids[1:-1], dtype=np.int64) for ids in rows]
    lengths = np.array([len(one) for one in inner])
    flat, row = torch.from_numpy(np.concatenate(inner)), torch.from_numpy(np.repeat(np.arange(len(inner)), lengths))
    found, where = [flat], [row]
    for n in WIDE_BETWEEN:
        together = row[: -1 - n] == row[1 + n :]
        found.append(pair_places(flat[: -1 - n], flat[1 + n :], n, words)[together])
        where.append(row[: -1 - n][together])
    rows_of = torch.cat(where)
    share = 1.0 / torch.from_numpy(np.sqrt(lengths + WIDE_SHRINK)).float()
    size = len(rows), words + WIDE_BUCKETS
    made: torch.Tensor = torch.sparse_coo_tensor(torch.stack([rows_of, torch.cat(found)]), share[rows_of], size).coalesce()
    return made


def fit_wide(read: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, words: int) -> Wide:
    """Return the wide part fitted to targets (0 to 1) and weights (0 = masked), both [rows, heads], of what `matrix` reads of rows; each head
    times its share."""
    there, back = read.to_sparse_csr(), read.t().coalesce().to_sparse_csr()
    table, bias = torch.zeros(read.shape[1], len(HEADS)), torch.zeros(len(HEADS))
    optimiser = torch.optim.LBFGS([table, bias], max_iter=STEPS_MAX, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> float:
        said = there @ table + bias
        each = torch.nn.functional.binary_cross_entropy_with_logits(said, targets, reduction="none")
        away = weights * (torch.sigmoid(said) - targets)
        table.grad, bias.grad = back @ away + DECAY * table, away.sum(dim=0)
        return float((weights * each).sum() + 0.5 * DECAY * table.square().sum())

    optimiser.step(loss)
    wide, share = Wide(words), torch.tensor([SHARE[head] for head in HEADS])
    with torch.no_grad():
        wide.table.weight.copy_(table * share)
        wide.bias.copy_(bias * share)
    return wide
