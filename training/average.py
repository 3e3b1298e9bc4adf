"""The mean of the weights of two stages: what the second learnt, with less of what it forgot.

Knows folders of runs. Must not know rows. Source: Wortsman et al., "Robust fine-tuning of zero-shot models" (WiSE-FT), 2022.

    python -m training.average --share 0.7 --out mean      0.7 of stage two, 0.3 of stage one
"""

import argparse
import shutil

import torch

from training.places import WORK, work_folder


def main() -> int:
    """Write the mean; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", default="stage-one")
    parser.add_argument("--second", default="stage-two")
    parser.add_argument("--share", type=float, required=True, help="the weight of the second, 0 to 1")
    parser.add_argument("--out", required=True, help="the folder under work/ for the result")
    options = parser.parse_args()
    first, second = (
        torch.load(WORK / name / "model.pt", weights_only=True) for name in (options.first, options.second)
    )
    mean = {
        name: torch.lerp(value, second[name], options.share) if value.is_floating_point() else value
        for name, value in first.items()
    }
    folder = work_folder(options.out)
    torch.save(mean, folder / "model.pt")
    shutil.copyfile(WORK / options.second / "tokenizer.json", folder / "tokenizer.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
