"""Measures what quantisation costs: dynamic against static int8, 7-bit weights, and int8 sums that saturate without VNNI.

Knows the model in float, onnxruntime's quantisers and how its kernels add without VNNI. Must not know the exit, calibration or
what ships. Rules: seeded; one thread; every variant is made of the same float graph; all it writes lies in a temporary folder.

    python -m training.quantisation [--stage mean]

Without VNNI, onnxruntime's kernels for uint8 activations and int8 weights add two neighbouring products in int16, and what lies beyond
-32,768 and 32,767 is cut off (vpmaddubsw). `Saturating` computes that exactly; `reference` runs a graph with it, node by node.
"""

import argparse
import json
import logging
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.calibrate import HistogramCollector
from tokenizers import Tokenizer

from training.dev_sets import read_civil, read_dev
from training.figures import auc, known
from training.graph import OPSET
from training.model import READ_LAYERS, Classifier, load
from training.places import HEADS, OUTPUTS, PUBLIC_DEV, PUBLIC_TRAIN, SEED, TOKENS_MAX, WORK, stage_folder
from training.scoring import Scores
from training.written import held_out_categories, read_lines

SETS = ("cad", "olid_test", "kennedy_mhs", "dynhate")
CALIBRATION_PUBLIC, CALIBRATION_CHAT = 240, 60
TIMED, ROUNDS = 100, 9
CHECKED = 200  # texts on which `reference` is compared with onnxruntime
SHIPPED, SEVEN_BITS = "dynamic", "dynamic, reduce_range"
KINDS = {
    (384, 1152): "query, key, value",
    (384, 768): "key, value (last layer)",
    (384, 384): "attention's output, last query",
    (384, 1536): "feed-forward, first",
    (1536, 384): "feed-forward, second",
    (1152, 192): "heads, first",
    (192, 27): "heads, second",
}
INT16 = np.iinfo(np.int16)
Ids = NDArray[np.int64]
Run = Callable[[Ids], NDArray[np.float32]]


class Whole(torch.nn.Module):
    """The model for one text as quantisers want it: products in float, query, key and value as one, no exit, nothing calibrated."""

    def __init__(self, model: Classifier) -> None:
        """Join what is multiplied with the same rows."""
        super().__init__()
        self.model, shape = model, model.config
        self.heads, self.hidden = (shape.num_attention_heads, shape.hidden_size // shape.num_attention_heads), shape.hidden_size
        layers = [layer.attention.self for layer in model.bert.encoder.layer]
        self.together = torch.nn.ModuleList(_together(one.query, one.key, one.value) for one in layers[:-1])
        self.last_together = _together(layers[-1].key, layers[-1].value)
        self.summed = model.heads.summed()
        table = model.bert.embeddings
        self.register_buffer("positions", table.position_embeddings.weight[:TOKENS_MAX].detach().clone())

    def layer(self, number: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """One layer's output for the rows that ask. query [heads, asking, size]; key, value [heads, tokens, size]."""
        layer = self.model.bert.encoder.layer[number]
        weights = torch.softmax(query @ key.transpose(-1, -2) * self.heads[1] ** -0.5, dim=-1)
        seen = (weights @ value).transpose(0, 1).reshape(-1, self.hidden)
        rows = layer.attention.output.LayerNorm(layer.attention.output.dense(seen) + rows)
        inner = torch.nn.functional.gelu(layer.intermediate.dense(rows))
        return layer.output.LayerNorm(layer.output.dense(inner) + rows)  # type: ignore[no-any-return]

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Return probabilities, [1, outputs], of input_ids [1, tokens]."""
        table, states = self.model.bert.embeddings, []
        kind = table.token_type_embeddings.weight[0]
        rows = table.LayerNorm(table.word_embeddings(input_ids.view(-1)) + kind + self.positions[: input_ids.shape[1]])
        for number, product in enumerate(self.together):
            query, key, value = product(rows).view(-1, 3, *self.heads).permute(1, 2, 0, 3).unbind()
            rows = self.layer(number, query, key, value, rows)
            states.append(rows[:1])
        key, value = self.last_together(rows).view(-1, 2, *self.heads).permute(1, 2, 0, 3).unbind()
        query = self.model.bert.encoder.layer[-1].attention.self.query(rows[:1]).view(1, *self.heads).transpose(0, 1)
        states.append(self.layer(len(self.together), query, key, value, rows[:1]))
        said = self.summed(torch.cat(states[: -READ_LAYERS - 1 : -1], dim=-1))
        elsewhere, more, gate = said.split([len(OUTPUTS), len(OUTPUTS), 1], dim=-1)
        wide = torch.nn.functional.pad(self.model.wide(input_ids), (0, len(OUTPUTS) - len(HEADS)))
        return torch.sigmoid(elsewhere + torch.sigmoid(gate) * more + wide)


def _together(*parts: torch.nn.Linear) -> torch.nn.Linear:
    """Several products of the same rows as one."""
    made = torch.nn.Linear(parts[0].in_features, sum(part.out_features for part in parts))
    made.weight.data = torch.cat([part.weight.data for part in parts])
    made.bias.data = torch.cat([part.bias.data for part in parts])
    return made


class Texts(CalibrationDataReader):
    """The texts that static scales are read off."""

    def __init__(self, ids: Sequence[Ids]) -> None:
        """Begin with the first."""
        self.left = iter(ids)

    def get_next(self) -> dict[str, Ids] | None:
        """Return the next text, or None after the last."""
        return next(({"input_ids": one} for one in self.left), None)


def write_all(folder: Path, source: Path, calibrating: Sequence[Ids]) -> dict[str, Path]:
    """Write every variant of the graph into `folder`; return their files by name."""
    logging.getLogger().setLevel(logging.ERROR)  # the quantisers recommend a preparation that changes nothing here
    made = {"float32": folder / "float32.onnx"}
    whole = Whole(load(source, ready=True).eval()).eval()
    names: dict[str, Any] = {"input_names": ["input_ids"], "output_names": ["probabilities"], "dynamic_axes": {"input_ids": {1: "tokens"}}}
    torch.onnx.export(whole, (torch.arange(1000, 1012)[None],), str(made["float32"]), dynamo=False, opset_version=OPSET, **names)

    def dynamic(name: str, **settings: Any) -> None:
        made[name] = folder / f"{name}.onnx"
        settings = {"weight_type": QuantType.QInt8, "per_channel": True} | settings
        quantize_dynamic(str(made["float32"]), str(made[name]), **settings)

    def static(name: str, method: CalibrationMethod, *, products_alone: bool, **more: Any) -> None:
        made[name] = folder / f"{name}.onnx"
        kinds = ["MatMul", "Gemm", "Gather"]  # what dynamic quantises
        types = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8, "per_channel": True}
        options = {"MatMulConstBOnly": True, "OpTypesToExcludeOutputQuantization": kinds if products_alone else []} | more
        files = str(made["float32"]), str(made[name]), Texts(calibrating)
        quantize_static(*files, QuantFormat.QDQ, kinds, calibrate_method=method, extra_options=options, **types)

    dynamic(SHIPPED)
    dynamic(SEVEN_BITS, reduce_range=True)
    dynamic("dynamic, per tensor", per_channel=False)
    dynamic("dynamic, uint8 weights", weight_type=QuantType.QUInt8)
    static("static, MinMax, results too", CalibrationMethod.MinMax, products_alone=False)
    static("static, MinMax", CalibrationMethod.MinMax, products_alone=True)
    collect = HistogramCollector.collect  # it wants arrays of one length
    HistogramCollector.collect = lambda self, found: collect(self, {name: np.hstack([*map(np.ravel, found[name])]) for name in found})
    static("static, 99.99 %", CalibrationMethod.Percentile, products_alone=True, CalibPercentile=99.99)
    HistogramCollector.collect = collect
    return made


def session(path: Path) -> Run:
    """Return what runs a file on one thread."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    running = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    return lambda ids: running.run(None, {"input_ids": ids})[0][0]


class Erf(OpRun):  # type: ignore[misc]
    """The reference's own calls Python once a number."""

    op_domain = ""

    def _run(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32]]:
        return (torch.erf(torch.from_numpy(np.ascontiguousarray(x))).numpy(),)


class DequantizeLinear(OpRun):  # type: ignore[misc]
    """The reference has none for this opset."""

    op_domain = ""

    def _run(self, x: NDArray[np.int8], scale: NDArray[np.float32], zero: NDArray[np.int8], **_: Any) -> tuple[NDArray[np.float32]]:
        assert scale.size == zero.size == 1, "one scale"
        return ((x.astype(np.float32) - np.float32(zero)) * scale,)


class MatMulInteger(OpRun):  # type: ignore[misc]
    """uint8 by int8, exact: in float64, which holds such sums of integers."""

    op_domain = ""

    def _run(self, left: NDArray[np.uint8], right: NDArray[np.int8], zero: NDArray[np.uint8], flat: Any) -> tuple[NDArray[np.int32]]:
        assert not np.any(flat), "weights have no zero point"
        raw = left.astype(np.float64) @ right.astype(np.float64) - self.lost(left, right)
        return ((raw - float(zero) * right.sum(axis=0, dtype=np.int64)).astype(np.int32),)

    def lost(self, _left: NDArray[np.uint8], _right: NDArray[np.int8]) -> Any:
        """Return what the sums lack."""
        return 0.0


class Saturating(MatMulInteger):
    """The same with pairs of neighbouring products added in int16; activations as they are stored, their zero point taken off after."""

    risky: dict[int, tuple[NDArray[np.int8], Ids, Ids, Ids, Ids]] = {}
    """By a matrix's id: the matrix, so that no other gets its id, and the pairs of weights that 255 would carry beyond int16."""
    counts: dict[str, Ids] = defaultdict(lambda: np.zeros(2, dtype=np.int64))

    def lost(self, left: NDArray[np.uint8], right: NDArray[np.int8]) -> Any:
        """Return, by row and column, the sum of what was cut off."""
        if id(right) not in self.risky:
            above, below = np.maximum(right, 0, dtype=np.int64), np.minimum(right, 0, dtype=np.int64)
            reach = (255 * (above[0::2] + above[1::2]) > INT16.max) | (255 * (below[0::2] + below[1::2]) < INT16.min)
            pairs, columns = np.nonzero(reach)
            weights = right.astype(np.int64)
            self.risky[id(right)] = (right, pairs, columns, weights[2 * pairs, columns], weights[2 * pairs + 1, columns])
        _, pairs, columns, first, second = self.risky[id(right)]
        rows = left.astype(np.int64)
        sums = rows[:, 2 * pairs] * first + rows[:, 2 * pairs + 1] * second
        excess = sums - np.clip(sums, INT16.min, INT16.max)
        row, place = np.nonzero(excess)
        missing = np.zeros((len(left), right.shape[1]))
        np.add.at(missing, (row, columns[place]), excess[row, place])
        self.counts[KINDS[right.shape]] += len(row), len(left) * right.size // 2
        return missing


def reference(path: Path, operator: type[MatMulInteger]) -> Run:
    """Return what runs a file node by node, its integer products by the operator given."""
    named = type("MatMulInteger", (operator,), {})  # an operator is found by its class's name
    running = ReferenceEvaluator(onnx.load(str(path)), new_ops=[named, DequantizeLinear, Erf])
    return lambda ids: running.run(None, {"input_ids": ids})[0][0]


class Samples:
    """Texts with answers: a sample of four dev sets, and the written lines of held-out categories."""

    def __init__(self, tokenizer: Tokenizer, texts_max: int) -> None:
        """Read them."""
        held = held_out_categories()
        lines = random.Random(SEED).sample([line for line in read_lines() if line.category in held], texts_max)
        parts = [(dev.name, dev.texts, dev.answers) for dev in read_dev(PUBLIC_DEV, texts_max) if dev.name in SETS]
        written = {head: [line.labels[place] for line in lines] for place, head in enumerate(HEADS)}
        parts.append(("written", [line.text for line in lines], written))
        texts = [text for _, some, _ in parts for text in some]
        ends = np.cumsum([len(some) for _, some, _ in parts])
        self.places = {name: slice(end - len(some), end) for (name, some, _), end in zip(parts, ends, strict=True)}
        self.answers = {name: answers for name, _, answers in parts}
        self.ids = encoded(tokenizer, texts)

    def areas(self, scores: Scores) -> dict[tuple[str, str], float]:
        """Return the AUC by head and set."""
        asked = [(head, name, answers) for name, by_head in self.answers.items() for head, answers in by_head.items()]
        return {(head, name): auc(*known(scores[self.places[name]], answers, head)) for head, name, answers in asked}

    def row(self, scores: Scores, plain: Scores) -> str:
        """Return a table's cells: AUC by head, the mean of its sets; the deepest fall of one; how far scores lie from float32's."""
        areas, before = self.areas(scores), self.areas(plain)
        means = [np.mean([area for (head, _), area in areas.items() if head == wanted]) for wanted in HEADS]
        fall = min(areas[key] - before[key] for key in areas)
        away = np.abs(scores - plain)[:, : len(HEADS)]
        return f"{' | '.join(f'{mean:.3f}' for mean in means)} | {fall:+.3f} | {away.mean():.4f}"


def encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Ids]:
    """Return the token ids of texts."""
    return [np.array([tokenizer.encode(text).ids], dtype=np.int64) for text in texts]


def all_scores(run: Run, ids: Sequence[Ids]) -> Scores:
    """Return the scores of texts, [texts, outputs]."""
    return np.array([run(one) for one in ids], dtype=np.float64)


def milliseconds(runs: Mapping[str, Run], ids: Sequence[Ids]) -> dict[str, float]:
    """Return processor time a message, the median of rounds; in each the variants take turns in a new order."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    order, shuffler = list(runs), random.Random(SEED)
    for _ in range(ROUNDS):
        shuffler.shuffle(order)
        for name in order:
            started = time.process_time()
            all_scores(runs[name], ids)
            found[name].append(1000 * (time.process_time() - started) / len(ids))
    return {name: float(np.median(values)) for name, values in found.items()}


def compare(made: Mapping[str, Path], samples: Samples, messages: Sequence[Ids]) -> Scores:
    """Print a table of the variants; return the scores of float32."""
    runs = {name: session(path) for name, path in made.items()}
    times = milliseconds(runs, messages)
    head = ["variant", "MB", *HEADS, "deepest fall", "away from float32", "ms a message", "of float32"]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    plain = all_scores(runs["float32"], samples.ids)
    for name, run in runs.items():
        cells = samples.row(all_scores(run, samples.ids), plain)
        print(f"| {name} | {made[name].stat().st_size / 1e6:.1f} | {cells} | {times[name]:.2f} | {times[name] / times['float32']:.2f} |")
    return plain


def saturate(made: Mapping[str, Path], samples: Samples, plain: Scores) -> None:
    """Print how `reference` compares with onnxruntime, how many sums saturate and what that does to the scores."""
    some = random.Random(SEED).sample(samples.ids, min(CHECKED, len(samples.ids)))
    for name in (SHIPPED, SEVEN_BITS):
        theirs = all_scores(session(made[name]), some)
        for operator in (MatMulInteger, Saturating):
            away = np.abs(all_scores(reference(made[name], operator), some) - theirs)
            print(f"{name}, {operator.__name__}: {away.mean():.6f} from onnxruntime on average, {away.max():.4f} at most")
        print(f"{name}, pairs that saturate: {sum(count for count, _ in Saturating.counts.values())}; {CHECKED} texts")
        Saturating.counts.clear()
    print(f"| {SHIPPED}, saturating | {samples.row(all_scores(reference(made[SHIPPED], Saturating), samples.ids), plain)} |")
    for kind, (count, of) in Saturating.counts.items():
        print(f"{kind}: {1e6 * count / of:.2f} of a million pair sums saturate")


def main() -> int:
    """Make, measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="final", help="one, two, or the name of a folder under work/")
    parser.add_argument("--texts", type=int, default=600, help="of each dev set, and written lines")
    options = parser.parse_args()
    torch.set_num_threads(1)
    source = stage_folder(options.stage)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    chooser = random.Random(SEED)
    rows = [json.loads(line) for line in (WORK / "public.jsonl").read_text(encoding="utf-8").split("\n") if line]
    calibrating = chooser.sample([row["text"] for row in rows if row["source"] != "irc"], CALIBRATION_PUBLIC)
    calibrating += chooser.sample([row["text"] for row in rows if row["source"] == "irc"], CALIBRATION_CHAT)
    messages = encoded(tokenizer, read_civil(PUBLIC_DEV, PUBLIC_TRAIN)["chat"][:TIMED])
    samples = Samples(tokenizer, options.texts)
    with tempfile.TemporaryDirectory() as place:
        made = write_all(Path(place), source, encoded(tokenizer, calibrating))
        saturate(made, samples, compare(made, samples, messages))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
