"""How fast a transcript goes through the whole service and its store, and what it costs.

    python -m benchmarks.judging TRANSCRIPT [--policy DIR] [--workers N]

Prints messages a second end to end (from the first message accepted to the last one committed), the seconds from the start
of a process to its first verdict, and the peak memory of the process; and, as a ratio, how much of the time is the model:
the same texts scored without the service on the same workers, in the same run.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.toxicity.embedded import EmbeddedScorer

STEWARD = [sys.executable, "-m", "bot"]


def first_verdict_seconds() -> float:
    """From the start of a process to the verdict on one message."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.jsonl"
        one.write_text('{"id": "1", "room": "r", "author": "a", "text": "good evening", "sent_at": "2026-01-01T20:00:00Z"}\n')
        started = time.perf_counter()
        subprocess.run([*STEWARD, "replay", str(one)], check=True, capture_output=True)
        return time.perf_counter() - started


def service_seconds(transcript: Path, policy: str, workers: int) -> tuple[float, float]:
    """Seconds for the whole transcript, its process's start taken off, and its peak memory in MB."""
    began = time.perf_counter()
    command = [*STEWARD, "replay", str(transcript), "--policy", policy, "--workers", str(workers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    print(done.stdout.splitlines()[0])
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def model_seconds(texts: list[str], workers: int) -> float:
    """The same texts scored alone."""
    scorer = EmbeddedScorer(workers=1)
    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(scorer.score_now, texts, chunksize=32):
            pass
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transcript", type=Path)
    parser.add_argument("--policy", default="labour-social-media")
    parser.add_argument("--workers", type=int, default=3)
    options = parser.parse_args()
    texts = [json.loads(line)["text"] for line in options.transcript.read_text(encoding="utf-8").splitlines()]
    start = min(first_verdict_seconds() for _ in range(3))
    seconds, memory = service_seconds(options.transcript, options.policy, options.workers)
    alone = model_seconds(texts, options.workers)
    net = seconds - start
    print(f"first verdict {start:.2f} s after the start of the process")
    print(f"{len(texts) / net:,.0f} messages a second end to end on {options.workers} workers ({len(texts):,} in {net:.1f} s)")
    print(f"{len(texts) / alone:,.0f} texts a second by the model alone; the whole way takes {net / alone:.2f} times as long")
    print(f"peak memory {memory:,.0f} MB")


if __name__ == "__main__":
    main()
