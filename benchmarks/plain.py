"""What the shipped policy finds of the plainest abuse, and of honest talk that uses the same words: each line as a reply to a member.

    python -m benchmarks.plain [--lists plain|evening-one|evening-two] [--policy NAME] [--show N]

The lines in benchmarks/plain/ were written by people who had seen neither Steward nor its banks: threats, advances, insults and hatred of
which nobody would ask what is meant, and 900 fine lines. No bank was made from the four lists of abuse, and none may be: what is missed
here shows what is missed elsewhere. Those in evening-one/ and evening-two/ are what is typed in a row late in the evening, half of it in
no strong word at all, and fine lines with the words of abuse, by two other writers of whom the same holds. Limits of the policy were set
by the first; the second sets none.
"""

import argparse
from collections import Counter
from pathlib import Path

from bot.core.model import Status
from bot.core.policy import Example
from bot.examples import acting, judge_example
from bot.folders import load_policy
from bot.toxicity.embedded import EmbeddedScorer

LISTS = ("threats", "advances", "insults", "hate", "fine")
FOLDERS = ("plain", "evening-one", "evening-two")


def main() -> None:
    """Judge and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", choices=FOLDERS, default=FOLDERS[0])
    parser.add_argument("--policy", default="labour-social-media")
    parser.add_argument("--show", type=int, default=0, help="so many lines of each list that are wrong")
    options = parser.parse_args()
    policy, scorer = load_policy(options.policy), EmbeddedScorer(workers=1)
    for name in LISTS:
        lines = Path(__file__).with_name(options.lists).joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines()
        rules: Counter[str] = Counter()
        enforced, found, wrong = 0, 0, []
        for line in lines:
            findings = acting(judge_example(Example(say=line, reply_to="dana"), policy, scorer.score_now).verdict)
            rules.update(finding.rule for finding in findings)
            found += bool(findings)
            enforced += any(finding.status is Status.ENFORCE for finding in findings)
            if bool(findings) == (name == "fine"):
                wrong.append(line)
        share = f"{found} of {len(lines)} ({100 * found / len(lines):.1f} %)"
        print(f"{name}: {share} found, {enforced} by a rule in enforce; {dict(rules.most_common())}")
        for line in wrong[: options.show]:
            print(f"  {line}")


if __name__ == "__main__":
    main()
