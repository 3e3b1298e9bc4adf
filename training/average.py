"""Averages the weights of several runs (model soups, Wortsman et al. 2022): what ships may be a mean.

Knows weights by name. Must not know rows or figures. Rule: runs that started from the same weights and have one tokenizer only;
a weight that a run lacks (an exit, in older runs) is the mean of the others.

    python -m training.average stage-two:0.5 shipped:0.5 --out mean
"""

import argparse
import shutil

import torch

from training.places import WORK, work_folder


def _part(text: str) -> tuple[str, float]:
    name, _, share = text.rpartition(":")
    if not name or not 0 < float(share) <= 1:
        raise ValueError(text)
    return name, float(share)


def main() -> int:
    """Write the mean; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", type=_part, metavar="RUN:SHARE", help="a folder under work/ and its weight in the mean")
    parser.add_argument("--out", required=True, help="the folder under work/ for the result")
    options = parser.parse_args()
    first = WORK / options.parts[0][0]
    tokenizers = {(WORK / name / "tokenizer.json").read_bytes() for name, _ in options.parts}
    if len(tokenizers) > 1:
        parser.error("these runs read texts with different tokenizers: their weights cannot be averaged")
    states = [(torch.load(WORK / name / "model.pt", weights_only=True), share) for name, share in options.parts]
    mean = {}
    for name, value in states[0][0].items():
        known = [(state[name], share) for state, share in states if name in state]
        whole = sum(share for _, share in known)
        mean[name] = sum(one * (share / whole) for one, share in known) if value.is_floating_point() else value
    folder = work_folder(options.out)
    torch.save(mean, folder / "model.pt")
    shutil.copyfile(first / "tokenizer.json", folder / "tokenizer.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
