"""The embedded scorer beside Detoxify `original` and what `steward model convert` makes of it: speed, start, memory, in one run.

    make bench-scoring, or: .venv-detoxify/bin/python -m benchmarks.scoring [TRANSCRIPT] [--texts N] [--breakdown-only]

All three read the same real messages, on the processors that this process may use (`taskset -c 0` for one). Detoxify is the
real package with a BERT-base of the real size; its weights are random, which changes no time. It gets every advantage: all
processors for each run, the best of several batch sizes, batches sorted by length. Each measurement is a fresh process, and so
imports only what it measures.
Then: where the embedded scorer's time goes, and how near the machine's int8 peak it comes.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[1]
TRANSCRIPT = HOUSE.parent / "shared" / "transcripts" / "ubuntu-irc.jsonl"
STEWARD = [sys.executable, "-m", "bot", "score", "--plain"]
TEXTS = 96
WAITING = 32
BATCHES = (1, 2, 4, 8, 16, 32)
SECONDS_LEAST = 3.0
"""A fast scorer reads the messages again and again for this long."""
STARTS = 3
"""The start of a process is measured so often; the fastest counts, with all files in the system's cache."""
SPEED_WANTED, MEMORY_WANTED, START_WANTED = 50.0, 0.25, 1.0
PROCESSORS = len(os.sched_getaffinity(0))
EMBEDDED = HOUSE / "bot" / "toxicity"
INT8 = ("DynamicQuantizeMatMul", "QAttention")
KERNEL = "_kernel_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One scorer's figures: messages a second with one and with 32 waiting, seconds to the first score, peak memory in MB."""

    one: float
    many: float
    start: float
    memory: float
    note: str = ""


def messages(transcript: Path, count: int) -> list[str]:
    """So many messages, evenly spread over the transcript."""
    texts = [json.loads(line)["text"] for line in transcript.read_text(encoding="utf-8").splitlines()]
    return texts[:: max(1, len(texts) // count)][:count]


def make_original(folder: Path) -> Path:
    """A checkpoint in Detoxify's format with a BERT-base of the real size and random weights."""
    import torch  # noqa: PLC0415
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer  # noqa: PLC0415

    vocabulary = json.loads((EMBEDDED / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    words = dict.fromkeys(sorted(vocabulary, key=vocabulary.get))
    BertTokenizer(vocab={word: number for number, word in enumerate(words)}, model_max_length=512).save_pretrained(folder)
    model = BertForSequenceClassification(BertConfig(vocab_size=len(words), num_labels=6))
    model.config.save_pretrained(folder)
    arguments = {
        "model_type": str(folder),
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
        "num_classes": 6,
    }
    classes = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
    config = {"arch": {"args": arguments}, "dataset": {"args": {"classes": classes}}}
    file = folder / "original.ckpt"
    torch.save({"config": config, "state_dict": model.state_dict()}, file)
    return file


# What runs in a fresh process.


def child(kind: str, where: Path, texts: Sequence[str]) -> Mapping[str, Any]:
    """Messages a second of one scorer, and the peak memory of this process."""
    figures = detoxify_speeds(where, texts) if kind == "detoxify" else steward_speeds(where, texts)
    return {**figures, "memory": peak_memory(os.getpid())}


def detoxify_speeds(checkpoint: Path, texts: Sequence[str]) -> Mapping[str, Any]:
    """The package by itself, as its README uses it."""
    import torch  # noqa: PLC0415
    from detoxify import Detoxify  # noqa: PLC0415

    torch.set_num_threads(PROCESSORS)
    model = Detoxify(checkpoint=str(checkpoint), huggingface_config_path=str(checkpoint.parent))
    model.predict(list(texts[:2]))

    def batches(size: int) -> None:
        for first in range(0, len(texts), WAITING):
            waiting = sorted(texts[first : first + WAITING], key=len)
            for start in range(0, len(waiting), size):
                model.predict(waiting[start : start + size])

    rates = {size: len(texts) / seconds_of(partial(batches, size)) for size in BATCHES}
    best = max(rates, key=lambda size: rates[size])
    return {"one": rates[1], "many": rates[best], "note": f"best in batches of {best}"}


def steward_speeds(folder: Path, texts: Sequence[str]) -> Mapping[str, Any]:
    """The scorer as the service uses it, from an event loop."""
    from bot.toxicity.embedded import EmbeddedScorer  # noqa: PLC0415

    sys.setswitchinterval(0.0005)  # as the command line sets it
    scorer = EmbeddedScorer(folder, workers=PROCESSORS, seconds_max=600)

    async def waiting(count: int) -> float:
        queue = iter(repeated(texts, until=time.monotonic() + SECONDS_LEAST))
        done = 0

        async def worker() -> None:
            nonlocal done
            for text in queue:
                await scorer.score(text)
                done += 1

        began = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(count)))
        return done / (time.perf_counter() - began)

    for text in texts:
        scorer.score_now(text)
    return {"one": asyncio.run(waiting(1)), "many": asyncio.run(waiting(WAITING))}


def repeated(texts: Sequence[str], *, until: float) -> Any:
    """The messages again and again until a time, whole rounds only."""
    while True:
        yield from texts
        if time.monotonic() >= until:
            return


def seconds_of(work: Callable[[], None]) -> float:
    """Seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_memory(process: int) -> float:
    """MB that a process has held at most since it began."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


# What starts them.


def measure(kind: str, where: Path, texts: Sequence[str]) -> Measured:
    """All figures of one scorer."""
    command = [sys.executable, "-m", "benchmarks.scoring", "--child", kind, "--where", str(where)]
    done = subprocess.run(command, input=json.dumps(texts), stdout=subprocess.PIPE, text=True, check=True, cwd=HOUSE)
    figures = json.loads(done.stdout.splitlines()[-1])
    starts = [first_score(kind, where, texts) for _ in range(STARTS)]
    memory = max(figures["memory"], *(one[1] for one in starts))
    return Measured(
        one=figures["one"], many=figures["many"], start=min(one[0] for one in starts), memory=memory, note=figures.get("note", "")
    )


def first_score(kind: str, where: Path, texts: Sequence[str]) -> tuple[float, float]:
    """Seconds from the start of a process to its first score, and the peak memory once it has scored all messages.

    Steward's process is the whole `steward score`; Detoxify's imports the package, loads the checkpoint and predicts.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STEWARD_")}
    if kind == "detoxify":
        code = (
            "import sys; from detoxify import Detoxify\n"
            f"model = Detoxify(checkpoint={str(where)!r}, huggingface_config_path={str(where.parent)!r})\n"
            "for line in sys.stdin: print(model.predict(line), flush=True)"
        )
        command = [sys.executable, "-c", code]
    else:
        command = STEWARD
        environment["STEWARD_MODEL"] = str(where)
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=HOUSE, env=environment
    ) as process:
        assert process.stdin
        assert process.stdout
        seconds = 0.0
        for text in texts:
            process.stdin.write(" ".join(text.split()) + "\n")
            process.stdin.flush()
            assert process.stdout.readline(), "the process ended"
            seconds = seconds or time.perf_counter() - began
        memory = peak_memory(process.pid)
        process.stdin.close()
    return seconds, memory


def compare(texts: Sequence[str]) -> None:
    """Measure all three and print them side by side."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "original"
        folder.mkdir()
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.scoring", "--child", "make", "--where", str(folder)],
            input="[]",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=HOUSE,
        )
        checkpoint, converted = Path(json.loads(made.stdout.splitlines()[-1])["file"]), Path(name) / "converted"
        convert = [sys.executable, "-m", "bot", "model", "convert", str(checkpoint), "--to", str(converted)]
        subprocess.run(convert, check=True, cwd=HOUSE, stdout=subprocess.DEVNULL)
        detoxify = measure("detoxify", checkpoint, texts)
        show("Detoxify original", detoxify, detoxify)
        show("Detoxify converted", measure("converted", converted, texts), detoxify)
        embedded = measure("embedded", EMBEDDED, texts)
        show("embedded", embedded, detoxify)
    reached = {
        f"{SPEED_WANTED:.0f} times the speed with 1 waiting": embedded.one >= SPEED_WANTED * detoxify.one,
        f"{SPEED_WANTED:.0f} times the speed with {WAITING} waiting": embedded.many >= SPEED_WANTED * detoxify.many,
        "a quarter of the memory": embedded.memory <= MEMORY_WANTED * detoxify.memory,
        f"first score within {START_WANTED:g} s": embedded.start <= START_WANTED,
    }
    for aim, yes in reached.items():
        print(f"  {'reached' if yes else 'MISSED '}  {aim}")


def show(name: str, it: Measured, beside: Measured) -> None:
    """One scorer's lines."""
    print(
        f"{name:<19} {it.one:8,.1f}/s with 1 waiting ({it.one / beside.one:.1f} x)   {it.many:8,.1f}/s with {WAITING} waiting "
        f"({it.many / beside.many:.1f} x)   first score {it.start:.2f} s ({it.start / beside.start:.2f} x)   "
        f"{it.memory:,.0f} MB ({it.memory / beside.memory:.2f} x)   {it.note}",
        flush=True,
    )


# Where the embedded scorer's time goes.


def breakdown(texts: Sequence[str]) -> None:
    """Tokenising, the model by kinds of operators, and the rest; beside the machine's int8 peak. One thread."""
    from bot.toxicity.embedded import EmbeddedScorer  # noqa: PLC0415

    scorer = EmbeddedScorer(workers=1)
    rows = [[scorer._start, *ids[: scorer._length - 2], scorer._end] for ids in (_ids(scorer, text) for text in texts)]  # noqa: SLF001
    whole = best_seconds([partial(scorer.score_now, text) for text in texts])
    tokens = best_seconds([partial(_ids, scorer, text) for text in texts])
    model = best_seconds([partial(scorer._run, row) for row in rows])  # noqa: SLF001
    count = sum(map(len, rows))
    print(f"\nembedded, one thread: {whole / len(texts) * 1e3:.2f} ms a message of {count / len(rows):.0f} tokens on average")
    for name, part in (("tokenising", tokens), ("the model", model), ("the rest, in Python", whole - tokens - model)):
        print(f"  {part / whole:6.1%}  {name}")
    for kind, part in operators(rows)[:8]:
        print(f"    {part:6.1%} of the model  {kind}")
    products, layers = int8_products(rows)
    print("  layers computed: " + ", ".join(f"{count} for {share:.0%}" for count, share in enumerate(layers) if share))
    length = round(count / len(rows))
    achieved, peak, here = 2 * products * len(rows) / model / 1e9, int8_rate(2048, 2048, 2048), int8_rate(length, 384, 1536)
    print(f"  int8: {achieved:,.0f} billion operations a second, {achieved / peak:.0%} of the {peak:,.0f} that a large product reaches,")
    print(f"  {achieved / here:.0%} of the {here:,.0f} that a product of a message's size reaches by itself ({length} x 384 x 1536)")


def _ids(scorer: Any, text: str) -> list[int]:
    ids: list[int] = scorer._tokenizer.encode(text, add_special_tokens=False).ids  # noqa: SLF001
    return ids


def best_seconds(works: Sequence[Callable[[], object]], rounds: int = 9) -> float:
    """Seconds of this thread for all of them, each at its fastest: what other programs take is left out."""

    def thread_seconds(work: Callable[[], object]) -> float:
        began = time.thread_time()
        work()
        return time.thread_time() - began

    return sum(min(thread_seconds(work) for _ in range(rounds)) for work in works)


def profiled(rows: Sequence[list[int]]) -> list[list[dict[str, Any]]]:
    """What the runtime says of each node that it ran, message by message. What stands inside an If is counted by itself."""
    import numpy as np  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415

    from bot.toxicity.embedded import session_options  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        options = session_options()
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(EMBEDDED / "model.onnx"), options, providers=["CPUExecutionProvider"])
        for row in rows:
            session.run(None, {"input_ids": np.array([row], dtype=np.int64)})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    ran = [event for event in events if event.get("cat") == "Node" and event["name"].endswith(KERNEL)]
    nodes = [event for event in ran if event["args"]["op_name"] != "If"]
    starts = sorted(event["ts"] for event in events if event["name"] == "model_run")
    return [[node for node in nodes if start <= node["ts"] < end] for start, end in zip(starts, [*starts[1:], float("inf")], strict=True)]


def operators(rows: Sequence[list[int]]) -> list[tuple[str, float]]:
    """Shares of the model's time by kind of operator, as the runtime fuses them."""
    kinds: Counter[str] = Counter()
    for event in chain.from_iterable(profiled(rows)):
        kinds[event["args"]["op_name"]] += event["dur"]
    whole = sum(kinds.values())
    return [(kind, spent / whole) for kind, spent in kinds.most_common()]


def int8_products(rows: Sequence[list[int]]) -> tuple[float, list[float]]:
    """Int8 multiplications of a message on average, and the shares of messages with no layer computed, with one, with two, and so on.

    Counted by what the runtime says that it ran, so that no formula here has to know which exit a message takes.
    """
    import onnx  # noqa: PLC0415

    graphs = [onnx.load(str(EMBEDDED / "model.onnx")).graph]
    weights: dict[str, int] = {}
    for graph in graphs:
        sizes = {one.name: one.dims for one in graph.initializer}
        weights |= {node.name: int(sizes[node.input[1]][0] * sizes[node.input[1]][1]) for node in graph.node if node.op_type in INT8}
        graphs += [one.g for node in graph.node for one in node.attribute if one.name.endswith("_branch")]
    runs = [[event for event in run if event["args"]["op_name"] in INT8] for run in profiled(rows)]
    products = sum(weights[event["name"].removesuffix(KERNEL)] * _rows_of(event) for run in runs for event in run)
    layers = [sum(event["args"]["op_name"] == "QAttention" for event in run) for run in runs]
    return products / len(rows), [layers.count(count) / len(rows) for count in range(max(layers) + 1)]


def _rows_of(event: Mapping[str, Any]) -> int:
    """Rows that a product had."""
    (shape,) = event["args"]["input_type_shape"][0].values()
    return int(shape[-2])


def int8_rate(rows: int, inner: int, columns: int) -> float:
    """Billion int8 operations a second that one thread of the runtime reaches in one product of this size."""
    import numpy as np  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    from bot.toxicity.embedded import session_options  # noqa: PLC0415

    chance = np.random.default_rng(1)
    weights = numpy_helper.from_array(chance.integers(-127, 127, (inner, columns), dtype=np.int8), "weights")
    given = helper.make_tensor_value_info("given", TensorProto.UINT8, [rows, inner])
    made = helper.make_tensor_value_info("made", TensorProto.INT32, [rows, columns])
    graph = helper.make_graph([helper.make_node("MatMulInteger", ["given", "weights"], ["made"])], "product", [given], [made], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), session_options(), providers=["CPUExecutionProvider"])
    row = chance.integers(0, 255, (rows, inner), dtype=np.uint8)
    return 2 * rows * inner * columns / best_seconds([lambda: session.run(None, {"given": row})], rounds=30) / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transcript", type=Path, nargs="?", default=TRANSCRIPT)
    parser.add_argument("--texts", type=int, default=TEXTS, help="messages to read, evenly spread over the transcript")
    parser.add_argument("--breakdown-only", action="store_true")
    parser.add_argument("--child", choices=["make", "detoxify", "converted", "embedded"], help=argparse.SUPPRESS)
    parser.add_argument("--where", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "make":
        print(json.dumps({"file": str(make_original(options.where))}))
        return
    if options.child:
        print(json.dumps(child(options.child, options.where, json.load(sys.stdin))))
        return
    if not options.transcript.is_file():
        parser.error(f"{options.transcript} is not there: name a transcript")
    texts = messages(options.transcript, options.texts)
    print(f"{len(texts)} messages of {options.transcript.name}, {PROCESSORS} processor(s)", flush=True)
    if not options.breakdown_only:
        compare(texts)
    breakdown(texts)


if __name__ == "__main__":
    main()
