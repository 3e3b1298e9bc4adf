"""What can be wrong with a checkpoint is one clear line that says what to do; and the command line as an operator meets it."""

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("detoxify", reason="the extra steward-bot[detoxify] is not installed: make test-detoxify")

import torch
from detoxify.detoxify import MODEL_URLS
from onnx import TensorProto, helper, save

from bot.toxicity.checkpoints import SHA256
from bot.toxicity.choosing import open_scorer
from bot.toxicity.converting import convert
from bot.toxicity.detoxify import DetoxifyScorer
from bot.toxicity.embedded import EmbeddedScorer
from bot.toxicity.reading import ScorerError
from tests.detoxify import making
from tests.detoxify.making import Made

SECONDS_MAX = 120
HOUSE = Path(__file__).parents[2]


def refused(name: str) -> str:
    """The line with which a checkpoint is refused."""
    with pytest.raises(ScorerError) as caught:
        DetoxifyScorer(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def copy(made: Made, folder: Path) -> Made:
    copied = folder / "copied"
    shutil.copytree(made.folder, copied)
    return Made(copied / made.file.name, copied)


# Checkpoints.


def test_every_release_has_its_hash_as_far_as_it_is_known() -> None:
    assert SHA256.keys() == MODEL_URLS.keys()
    for name, url in MODEL_URLS.items():
        assert SHA256[name].startswith(url.removesuffix(".ckpt").rpartition("-")[2])


def test_name_that_is_neither_a_release_nor_a_file_is_refused_with_what_there_is() -> None:
    line = refused("orignal")
    assert "orignal" in line
    assert all(name in line for name in MODEL_URLS)


def test_release_without_internet_says_where_to_get_it_and_how_to_name_it() -> None:
    line = refused("original")
    assert MODEL_URLS["original"] in line
    assert "STEWARD_SCORER=detoxify:" in line


def test_file_that_is_not_the_release_is_never_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A pickle that would run code lies where the release is looked for."""
    ran = tmp_path / "ran"
    cached = tmp_path / "hub" / "checkpoints" / MODEL_URLS["unbiased"].rpartition("/")[2]
    cached.parent.mkdir(parents=True)
    torch.save({"config": Trap(ran), "state_dict": {}}, cached)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    line = refused("unbiased")
    assert str(cached) in line
    assert "SHA-256" in line
    assert not ran.exists()
    torch.load(cached, weights_only=False)
    assert ran.exists(), "the trap works"


@dataclass(frozen=True)
class Trap:
    """Makes a file when it is unpickled."""

    file: Path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 not a zip", b"\x80\x02."], ids=["empty", "text", "zip", "pickle"])
def test_file_that_is_no_checkpoint_is_refused(bert: Made, tmp_path: Path, content: bytes) -> None:
    made = copy(bert, tmp_path)
    made.file.write_bytes(content)
    assert "no checkpoint of Detoxify's" in refused(str(made.file))


def test_weights_without_their_config_are_refused(bert: Made, tmp_path: Path) -> None:
    made = copy(bert, tmp_path)
    torch.save(torch.load(bert.file, weights_only=True)["state_dict"], made.file)
    assert "must hold `config` and `state_dict`" in refused(str(made.file))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_folder_that_lacks_a_file_is_refused_with_its_name(bert: Made, tmp_path: Path, name: str) -> None:
    made = copy(bert, tmp_path)
    (made.folder / name).unlink()
    line = refused(str(made.file))
    assert name in line
    assert str(made.folder) in line


def test_config_of_another_model_is_refused(bert: Made, tmp_path: Path) -> None:
    """Two layers more than the checkpoint has: they would be random numbers."""
    made = copy(bert, tmp_path)
    config = made.folder / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_hidden_layers": 4}))
    assert "lacks" in refused(str(made.file))


def test_config_of_another_size_is_refused(bert: Made, tmp_path: Path) -> None:
    made = copy(bert, tmp_path)
    config = made.folder / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "hidden_size": 32}))
    assert "do not fit" in refused(str(made.file))


def test_tokenizer_with_more_words_than_the_model_is_refused(bert: Made, tmp_path: Path) -> None:
    made = copy(bert, tmp_path)
    tokens = made.folder / "tokenizer.json"
    told = json.loads(tokens.read_text())
    told["model"]["vocab"]["unheard"] = len(told["model"]["vocab"])
    tokens.write_text(json.dumps(told))
    assert "more words than the model" in refused(str(made.file))


def test_model_with_none_of_our_labels_is_refused(tmp_path: Path) -> None:
    made = making.bert(tmp_path, classes=["joy", "anger", "fear", "love", "awe", "envy"])
    assert "joy" in refused(str(made.file))


# Choosing.


@pytest.mark.parametrize("choice", ["detoxify", "detoxify:", "perspective:x", "original"])
def test_choice_that_is_none_is_refused_with_what_there_is(choice: str) -> None:
    with pytest.raises(ScorerError, match="detoxify:original, :unbiased, :multilingual, or detoxify:FILE"):
        open_scorer(choice, None)


def test_both_settings_at_once_are_refused(bert: Made, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="both set"):
        open_scorer(f"detoxify:{bert.file}", tmp_path)


def test_choice_of_a_file_is_detoxify_and_no_choice_is_the_embedded_model(bert: Made) -> None:
    assert isinstance(open_scorer(f"detoxify:{bert.file}", None), DetoxifyScorer)
    assert isinstance(open_scorer("", None), EmbeddedScorer)


# Converting.


def test_folder_that_is_there_is_not_written_into(bert: Made, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="there already"):
        convert(str(bert.file), tmp_path)
    assert not list(tmp_path.iterdir())


def test_conversion_that_fails_leaves_nothing_behind(bert: Made, tmp_path: Path) -> None:
    made = copy(bert, tmp_path)
    made.file.write_bytes(b"hello")
    with pytest.raises(ScorerError):
        convert(str(made.file), tmp_path / "to")
    assert [one.name for one in tmp_path.iterdir()] == ["copied"]


def test_card_says_what_it_was_made_from_and_how_far_it_is_off(roberta: Made, tmp_path: Path) -> None:
    told = convert(str(roberta.file), tmp_path / "to")
    card = json.loads((tmp_path / "to" / "card.json").read_text())
    assert card["marks"] == ["<s>", "</s>"]
    assert card["tokens_max"] == 64
    assert 0 < card["apart_max"] < 0.05
    assert f"{card['apart_max']:.4f}" in told
    assert f"STEWARD_MODEL={tmp_path / 'to'}" in told


def test_model_that_takes_no_mask_is_given_none(bert: Made, tmp_path: Path) -> None:
    """One text a run needs no mask: a model may be written out without it."""
    convert(str(bert.file), tmp_path / "to")
    given = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
    made = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 1])
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Sigmoid", ["mean"], ["probabilities"]),
    ]
    graph = helper.make_graph(nodes, "mean", [given], [made])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "to" / "model.onnx")
    card = tmp_path / "to" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "heads": ["toxicity"]}))
    scored = EmbeddedScorer(tmp_path / "to", workers=1).score_now("")
    assert scored.values == pytest.approx({"toxicity": 1 / (1 + math.exp(-2.5))}), "the two marks are tokens 2 and 3"


def test_tokenizer_without_the_marks_of_the_card_is_refused(bert: Made, tmp_path: Path) -> None:
    convert(str(bert.file), tmp_path / "to")
    card = tmp_path / "to" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "marks": ["<s>", "</s>"]}))
    with pytest.raises(ScorerError, match="<s> and </s>"):
        EmbeddedScorer(tmp_path / "to")


# The command line.


def steward(*words: str, given: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HF_HUB_OFFLINE", "HF_HOME", "TORCH_HOME", "https_proxy")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        env={**kept, "PYTHONPATH": str(HOUSE), **settings},
        input=given,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def test_steward_scores_with_a_checkpoint_and_with_what_was_made_of_it_without_torch(bert: Made, tmp_path: Path) -> None:
    given = "you are a stupid idiot\ngood evening\n"
    real = steward("score", "--plain", given=given, STEWARD_SCORER=f"detoxify:{bert.file}")
    assert (real.returncode, real.stderr) == (0, "")
    right = [json.loads(line)["scores"] for line in real.stdout.splitlines()]
    assert right[0] == pytest.approx(dict(DetoxifyScorer(str(bert.file)).score_now("you are a stupid idiot").values), abs=1e-6)
    made = steward("model", "convert", str(bert.file), "--to", str(tmp_path / "to"))
    assert (made.returncode, made.stderr) == (0, "")
    assert "sexual will not be judged" in made.stdout
    again = steward("score", "--plain", given=given, STEWARD_MODEL=str(tmp_path / "to"))
    assert (again.returncode, again.stderr) == (0, "")
    for line, expected in zip(again.stdout.splitlines(), right, strict=True):
        assert json.loads(line)["scores"] == pytest.approx(expected, abs=0.05)


def test_converted_model_is_used_without_torch(bert: Made, tmp_path: Path) -> None:
    convert(str(bert.file), tmp_path / "to")
    code = (
        "import sys; from pathlib import Path; from bot.toxicity.choosing import open_scorer\n"
        f"scorer = open_scorer('', Path({str(tmp_path / 'to')!r}))\n"
        "assert scorer.score_now('good evening').values\n"
        "print([name for name in ('torch', 'transformers', 'detoxify', 'onnx') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(HOUSE)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_steward_refuses_a_wrong_checkpoint_in_one_line(bert: Made, tmp_path: Path) -> None:
    made = copy(bert, tmp_path)
    made.file.write_bytes(b"hello")
    done = steward("score", STEWARD_SCORER=f"detoxify:{made.file}")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert done.stderr.startswith("steward: ")
