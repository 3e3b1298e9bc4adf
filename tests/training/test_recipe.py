"""What the model is trained on and how its figures are counted: what needs neither torch nor the public sets."""

import dataclasses
import math
import random
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training import figures, mixture
from training.augment import JOINED_WORDS_MAX, SPLICED_WORDS_MAX, THOROUGH_SHARE, in_company, respelled, spliced
from training.calibration import EXIT_DOUBT, FINE_ABOVE_MAX, SPEECH_ABOVE_MAX, choose, choose_exit
from training.dev_sets import DevSet
from training.frames import GAP_MAX, sentences, widest_gaps
from training.functions import cases, of_functions
from training.labels import DOMAIN_SHARE, DOMAINS, MAPPINGS, OURS_SHARE, TEACHES, Labelled, domain_of, domain_weights, labelled, unlabelled
from training.places import HEADS, OUTPUTS, WRITTEN
from training.scoring import logits, sigmoid
from training.written import Line, extended, held_out_categories, read_lines, trained_categories

LINES = read_lines()
TOXICITY, IDENTITY, THREAT = HEADS.index("toxicity"), HEADS.index("identity_attack"), HEADS.index("threat")


# Labels


@pytest.mark.parametrize("source", ["dynhate", "kennedy_mhs"])
def test_not_hateful_says_nothing_of_toxicity_where_a_word_of_abuse_stands(source: str) -> None:
    abusive = _labelled(source, "the referee is a useless idiot")
    plain = _labelled(source, "my neighbour grows the best leeks in the valley")
    assert abusive.weights[TOXICITY] == 0
    assert 0 < plain.weights[TOXICITY] < 1
    for row in (abusive, plain):
        assert (row.targets[IDENTITY], row.weights[IDENTITY]) == (0, 1)


def test_what_a_set_does_not_say_is_masked_and_never_zero() -> None:
    sexist = {"text": "x", "toxic": 1, "label_category": "3. animosity", "threat": 0}
    assert labelled("edos", sexist | {"toxic": 0}) is None
    row = labelled("edos", sexist)
    assert row is not None
    assert row.weights[HEADS.index("insult")] == 0
    assert row.weights[IDENTITY] == 1


def test_raters_that_disagree_stay_a_fraction() -> None:
    shares = {"toxic_frac": 0.6, "insult_frac": 0.4, "threat_frac": 0.0, "obscene_frac": 0.1, "identity_attack_frac": 0.2}
    row = labelled("civil_spans", {"text": "what a plan", **shares})
    assert row is not None
    assert row.targets[TOXICITY] == 0.6
    assert row.targets[IDENTITY] == 0.2


def test_every_source_has_a_domain_and_teaches_in_it() -> None:
    for source in [*MAPPINGS, "written/greetings", "swaps/benign.txt"]:
        *weights, everywhere = domain_weights(source)
        assert len(weights) == len(DOMAINS)
        assert weights[domain_of(source)] == max(weights) > 0
        assert everywhere == 1
    assert {DOMAINS[domain_of(source)] for source in [*MAPPINGS, "written/x"]} == set(DOMAINS)
    assert domain_of("written/x") == domain_of("swaps/x") == DOMAINS.index("written")
    with pytest.raises(KeyError):
        domain_of("a set without a domain")
    assert domain_weights("irc") == (*(0.3,) * len(DOMAINS), 1.0)


def test_what_ships_is_a_mean_of_what_the_domains_mean() -> None:
    assert set(DOMAIN_SHARE) == set(HEADS)
    for head, shares in [*DOMAIN_SHARE.items(), *OURS_SHARE.items()]:
        assert set(shares) <= set(TEACHES), head
        assert math.isclose(sum(shares.values()), 1), head


def _labelled(source: str, text: str) -> Labelled:
    row = labelled(source, {"text": text, "toxic": 0})
    assert row is not None
    return row


# Which rows a stage sees

STAGES = (mixture.stage_one, mixture.stage_two, mixture.stage_three)


@pytest.fixture(scope="module", autouse=True)
def _some_categories() -> Iterator[None]:
    """A twelfth of the categories: the stages take seconds with all of them."""
    some = set(sorted({line.category for line in LINES})[::12])
    assert some & held_out_categories()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mixture, "read_lines", lambda: [line for line in LINES if line.category in some])
        yield


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Labelled]]:
    return {stage.__name__: stage(_public(), held_out=True, seed=3) for stage in STAGES}


def _public() -> list[Labelled]:
    return [
        Labelled(source=source, text=f"{source} {number}", targets=(0.0,) * 6, weights=(1.0,) * 6)
        for source in MAPPINGS
        for number in range(40)
    ]


def test_no_stage_sees_a_held_out_line(rows: dict[str, list[Labelled]]) -> None:
    held = held_out_categories()
    assert held
    for name, of_stage in rows.items():
        seen = {row.source.removeprefix("written/") for row in of_stage if row.source.startswith("written/")}
        assert seen, name
        assert not seen & held, name


def test_every_stage_sees_every_public_set_and_the_sentences_with_groups(rows: dict[str, list[Labelled]]) -> None:
    for name, of_stage in rows.items():
        sources = {row.source for row in of_stage}
        assert sources >= set(MAPPINGS) | {"swaps/benign.txt", "swaps/attacking.txt"}, name


def test_the_same_seed_gives_the_same_rows(rows: dict[str, list[Labelled]]) -> None:
    for stage in STAGES:
        again = stage(_public(), held_out=True, seed=3)
        other = stage(_public(), held_out=True, seed=4)
        assert again == rows[stage.__name__]
        assert [row.text for row in other] != [row.text for row in again]


def test_what_the_teacher_spoke_of_is_seen_before_what_it_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    public = [dataclasses.replace(row, taught=(0.5,) * 42) if row.text.endswith(" 7") else row for row in _public()]
    monkeypatch.setattr(mixture, "STAGE_THREE_PUBLIC", {"cad": 1, "irc": 1})
    seen = [row for row in mixture.stage_three(public, held_out=True, seed=5) if row.is_public]
    assert [row.text for row in seen] == ["cad 7", "irc 7"]


def test_a_text_without_labels_teaches_only_where_the_teacher_spoke_of_it() -> None:
    silent, spoken = unlabelled("nobody labelled this"), unlabelled("nor this", (0.5,) * 42)
    for stage in STAGES:
        texts = {row.text for row in stage([*_public(), silent, spoken], held_out=True, seed=3)}
        assert texts & {silent.text, spoken.text} == {spoken.text}, stage.__name__


def test_a_respelt_text_has_its_words_and_sometimes_each_long_one_is_another() -> None:
    chance, text = random.Random(8), "honestly that motion was written by somebody who never read anything"
    made = [respelled(text, chance) for _ in range(300)]
    changed = [sum(word not in one.split(" ") for word in text.split(" ") if len(word) > 3) for one in made]
    assert all(word in one.split(" ") for one in made for word in ("by", "who"))
    assert THOROUGH_SHARE / 2 < sum(count > 6 for count in changed) / len(changed) < THOROUGH_SHARE * 2
    assert sum(count <= 3 for count in changed) > 150


def test_a_line_among_harmless_ones_stands_there_whole_and_none_is_cut_off() -> None:
    chance = random.Random(6)
    harmless = ["the hall is open", "who has the key? i do", "word " * 80]
    for _ in range(200):
        text = in_company("you are a liar", harmless, chance)
        assert "you are a liar" in text
        assert text != "you are a liar"
        assert len(text.split()) <= JOINED_WORDS_MAX or text.count("word") == 80
    rows = mixture.written(held_out=True)
    beside = mixture.joined(rows, random.Random(7))
    by_bundle = {(row.bundle, row.targets, row.weights) for row in rows}
    assert 0.4 < len(beside) / len(rows) < 0.6
    assert {(row.bundle, row.targets, row.weights) for row in beside} <= by_bundle


def test_a_text_that_nobody_wrote_is_made_of_whole_sentences_of_two_at_most() -> None:
    texts = ["The hall is cold. Who has the key? I do!", "No\nnever", "Once only.", "word " * 80]
    sentences = {"The hall is cold.": 0, "Who has the key?": 0, "I do!": 0, "No": 1, "never": 1, "Once only.": 2, ("word " * 80).strip(): 3}
    made = {spliced(texts, random.Random(seed)) for seed in range(400)}
    assert len(made) > 20
    for text in made:
        left, of = text, set()
        while left:
            found = next(one for one in sentences if left.startswith(one) or one.startswith(left))
            of.add(sentences[found])
            left = left[len(found) :].strip()
        assert len(of) <= 2, text
        assert len(text.split()) <= SPLICED_WORDS_MAX
    assert any(text in made for text in ("The hall is cold.", "Who has the key?")), "some are a part of one text"


def test_a_group_may_change_and_the_side_stays() -> None:
    for row in mixture.swaps(random.Random(1), 3):
        attack = row.source.endswith("attacking.txt")
        assert (row.targets[IDENTITY], row.targets[TOXICITY]) == (float(attack), float(attack)), row.text
        assert not {"{", "!", "~"} & {row.text[0]}, row.text
        assert "{" not in row.text


def test_what_threatens_a_group_is_known_as_a_threat_and_what_may_is_masked() -> None:
    rows = {row.text.casefold(): (row.targets[THREAT], row.weights[THREAT]) for row in mixture.swaps(random.Random(1), 142)}
    assert rows["watch your backs, women"] == (1.0, mixture.SWAPS_WEIGHT)
    assert rows["women must be wiped out"] == (0.0, 0.0)
    assert rows["women, watch your step, the path is icy"] == (0.0, mixture.SWAPS_WEIGHT)


# Lines of our own


def test_every_category_is_either_held_out_or_trained_on() -> None:
    held, trained = held_out_categories(), trained_categories()
    assert not held & trained
    assert {line.category for line in LINES} == held | trained, "run python -m training.written"


def test_a_category_once_held_out_stays_so_and_one_trained_on_never_is() -> None:
    held, trained = frozenset({"a"}), frozenset({"b"})
    more = extended(["a", "b", *(f"threat-{n}" for n in range(10))], held, trained)
    assert held <= more
    assert not more & trained
    assert len(more) == 3


def test_lines_are_whole_and_none_stands_twice_on_two_sides() -> None:
    sides: dict[str, set[str]] = {}
    for line in LINES:
        if line.side:
            sides.setdefault(" ".join(line.text.lower().split()), set()).add(line.side)
    assert not [text for text, found in sides.items() if len(found) > 1]
    assert len(list(WRITTEN.glob("*.jsonl"))) > 1000


# Figures


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_auc_is_the_chance_that_a_yes_stands_above_a_no(pairs: list[tuple[int, bool]]) -> None:
    yes, no = [score for score, answer in pairs if answer], [score for score, answer in pairs if not answer]
    found = figures.auc(np.array([float(score) for score, _ in pairs]), np.array([int(answer) for _, answer in pairs]))
    if not yes or not no:
        assert math.isnan(found)
        return
    expected = np.mean([1.0 if one > other else 0.5 if one == other else 0.0 for one, other in product(yes, no)])
    assert found == pytest.approx(expected)


def test_pairs_are_counted_within_their_pair_alone() -> None:
    lines = [_line("a", "fine"), _line("a", "breach"), _line("b", "fine"), _line("b", "breach"), _line("b", None)]
    assert figures.pairs_in_order(lines, np.array([0.1, 0.2, 0.9, 0.3, 0.0])) == (0.5, 2)


def test_the_gap_of_two_groups_is_that_of_their_means_and_of_each_frame() -> None:
    pairs = sentences()
    scores = np.zeros((len(pairs), len(HEADS)))
    frame, group, _ = pairs[0]
    scores[0, TOXICITY] = 0.4
    found = widest_gaps(pairs, scores)["toxicity"]
    frames_of_form = len({place for place, named, _ in pairs if named == group})
    assert found["widest_in_one_frame"] == 0.4 > GAP_MAX
    assert found["widest_mean_gap"] == pytest.approx(0.4 / frames_of_form)
    assert found["frames_under_limit"] == len({place for place, _, _ in pairs}) - 1, frame


def test_functional_tests_are_trained_on_nowhere_and_counted_by_function_and_head() -> None:
    found = cases()
    taught = {_bare(row.text) for row in mixture.swaps(random.Random(1), 142)} | {_bare(line.text) for line in LINES}
    assert not {_bare(case.text) for case in found} & taught
    assert len({case.function for case in found}) > 20
    scores = np.zeros((len(found), len(HEADS)))
    for place, case in enumerate(found):
        scores[place, HEADS.index(case.head)] = 0.9 if case.yes else 0.1
    assert set(of_functions(found, scores)["right"].values()) == {1.0}
    scores[0] = 0.0 if found[0].yes else 1.0
    after = of_functions(found, scores)
    assert 0 < after["right"][found[0].function] < 1
    assert after["macro_f1"][found[0].head] < 1


def _bare(text: str) -> str:
    return text.casefold().strip(" .!?")


# Calibration


@pytest.mark.parametrize("seed", range(5))
def test_calibration_keeps_the_order_and_the_limits_on_what_is_fine(seed: int) -> None:
    chance = np.random.default_rng(seed)
    raw = {"set": chance.normal(0, 2, (400, len(HEADS)))}
    answers: Sequence[int | None] = [int(value > 0) for value in raw["set"][:, 0] + chance.normal(0, 1, 400)]
    dev = DevSet(name="set", texts=[""] * 400, answers={head: list(answers) for head in HEADS})
    civil = {"politics_civil": chance.normal(-3, 1.5, (3000, len(HEADS)))}
    lines = [_line(str(number // 2), "fine" if number % 2 else "breach") for number in range(2000)]
    scores = chance.normal(-1, 2, (2000, len(HEADS)))
    for place, one in enumerate(choose([dev], raw, civil, (lines, scores))):
        grid = np.linspace(-12, 12, 2001)
        assert (np.diff(one.apply(grid)) >= 0).all()
        assert (one.apply(civil["politics_civil"][:, place]) >= 0.8).mean() <= SPEECH_ABOVE_MAX
        if HEADS[place] != "obscene":
            fine = scores[[number for number, line in enumerate(lines) if line.side == "fine"], place]
            assert (one.apply(fine) >= 0.8).mean() <= FINE_ABOVE_MAX


def test_plainly_fine_lines_make_no_room_for_wrong_scores_of_the_others() -> None:
    chance = np.random.default_rng(9)
    raw = {"set": chance.normal(0, 2, (400, len(HEADS)))}
    dev = DevSet(name="set", texts=[""] * 400, answers={head: [int(value > 0) for value in raw["set"][:, 0]] for head in HEADS})
    lines = [_line(str(number // 2), "fine" if number % 2 else "breach") for number in range(1000)]
    scores = chance.normal(-1, 2, (1000, len(HEADS)))
    plain = [_line(f"alone-{number}", "fine") for number in range(3000)]
    with_plain = np.concatenate([scores, np.full((3000, len(HEADS)), -9.0)])
    before = choose([dev], raw, {}, (lines, scores))
    after = choose([dev], raw, {}, ([*lines, *plain], with_plain))
    assert [one.knee for one in after] == [one.knee for one in before]


def _line(pair: str, side: str | None) -> Line:
    labels = (int(side == "breach"),) * len(HEADS)
    return Line(category="c", writer="w", text="t", pair=pair, side=side, register="hasty", labels=labels, attacked=())


def exit_and_last(texts: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What an exit says, doubt last, and what the last layer says of texts that every head doubts more, the more the exit does."""
    chance = np.random.default_rng(4)
    doubt = chance.normal(size=texts)
    last = sigmoid(2 * doubt[:, None] + chance.normal(size=(texts, len(OUTPUTS))) - 2)
    said = np.column_stack([2 * doubt[:, None] + chance.normal(size=(texts, len(OUTPUTS))) - 2, doubt])
    return said, last


def test_an_exit_lets_go_hardly_any_text_that_any_head_doubts() -> None:
    said, last = exit_and_last(20_000)
    for missed in (0.0015, 0.004):
        chosen = choose_exit(said, last, missed)
        given = chosen.taken(said)
        shares = [given[last[:, place] >= EXIT_DOUBT].mean() for place in range(len(HEADS))]
        assert max(shares) <= missed + 1e-4
        assert max(shares) > missed / 2, "the limit is as high as it may be"
        scores = sigmoid(said[given, :-1] * chosen.scale + chosen.shift)
        assert np.abs(logits(scores) - logits(last[given])).mean() < 1.5


def test_an_exit_that_knows_nothing_is_closed() -> None:
    said, last = exit_and_last(5_000)
    said[:, -1] = -last.max(axis=1)  # the surer, the more there is to doubt
    assert not choose_exit(said, last, 0.0015).taken(said).any()
