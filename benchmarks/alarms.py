"""What the shipped policy finds in talk that deserves nothing: each line alone, as a reply to a member, and mentioning one.

    python -m benchmarks.alarms FILE.jsonl[.gz] [--policy NAME] [--show N]

Prints, for each form, how many lines have a finding of a rule in review or enforce, the share, and the lines by rule.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.core.model import Scored
from bot.examples import acting, forms, judge_example
from bot.folders import load_policy
from bot.toxicity.embedded import EmbeddedScorer


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a file of JSON Lines."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def main() -> None:
    """Judge and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--policy", default="labour-social-media")
    parser.add_argument("--show", type=int, default=100)
    options = parser.parse_args()
    policy, scorer = load_policy(options.policy), EmbeddedScorer(workers=1)

    @cache
    def score(text: str) -> Scored:
        return scorer.score_now(text)

    found: dict[str, Counter[str]] = {"alone": Counter(), "in reply": Counter(), "mentioning": Counter()}
    flagged: Counter[str] = Counter()
    shown, lines = 0, 0
    for text in texts_of(options.file):
        lines += 1
        for name, form in zip(found, forms(text), strict=True):
            rules = [finding.rule for finding in acting(judge_example(form, policy, score).verdict)]
            found[name].update(rules)
            flagged[name] += bool(rules)
            if rules and shown < options.show:
                shown += 1
                print(f"{name}: {', '.join(rules)}: {text[:300]}")
        score.cache_clear()
    for name, rules_found in found.items():
        print(f"{name}: {flagged[name]} of {lines} ({100 * flagged[name] / lines:.2f} %) {dict(rules_found)}")


if __name__ == "__main__":
    main()
