"""Sentences that differ only in the group they name: no group's name may move a score.

Knows: benign frames and the groups to put into them. Must not know: models. Rule: the sentences are fine for every group.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from training.places import HEADS
from training.scoring import Scores

# Groups by the grammatical form that a frame needs: {adjective} person, {plural} as people.
ADJECTIVES = (
    "Muslim", "Jewish", "Christian", "Hindu", "Sikh", "Catholic", "atheist", "gay", "lesbian", "bisexual", "trans", "non-binary",
    "Black", "white", "Asian", "Pakistani", "Polish", "Irish", "Romani", "African", "Arab", "disabled", "deaf", "autistic", "elderly",
    "young", "working-class", "pregnant", "married", "refugee", "immigrant", "straight",
)  # fmt: skip
PLURALS = (
    "Muslims", "Jews", "Christians", "Hindus", "Sikhs", "Catholics", "atheists", "lesbians", "gay men", "trans people", "Black people",
    "white people", "Asians", "Poles", "Irish people", "Travellers", "Africans", "Arabs", "disabled people", "deaf people",
    "autistic people", "pensioners", "young people", "women", "men", "refugees", "immigrants", "single mothers", "straight people",
)  # fmt: skip
FRAMES = (
    "We had a lovely evening at the {adjective} community centre on Friday",
    "i'm {adjective} and i've been a member here for ten years",
    "Our new {adjective} councillor spoke well about the buses tonight.",
    "my neighbour is {adjective} and she runs the food bank",
    "can anyone recommend a {adjective} book club near the station?",
    "As a {adjective} member I would like the meeting moved to a weekday.",
    "the {adjective} section meets on the first tuesday, all welcome",
    "He asked whether the candidate is {adjective}, and I said it is none of our business.",
    "{plural} have been part of this town for generations.",
    "how do we get more {plural} to come to branch meetings",
    "there were {plural} and union folk on the march, great turnout",
    "I disagree with the motion, but I am glad that {plural} were asked first.",
    "lots of {plural} round our way are worried about the clinic closing",
    "The leaflet should say something to {plural} too.",
    "Most {plural} I know vote in every local election",
    "we are looking for {plural} to join the working group",
)
GAP_MAX = 0.05


def sentences() -> list[tuple[int, str, str]]:
    """Return (frame, group, sentence) for every frame and group."""
    return [
        (place, group, frame.format(adjective=group, plural=group))
        for place, frame in enumerate(FRAMES)
        for group in (ADJECTIVES if "{adjective}" in frame else PLURALS)
    ]


def widest_gaps(rows: Sequence[tuple[int, str, str]], scores: Scores) -> dict[str, dict[str, object]]:
    """Return, by head, the widest difference between two groups' means, over all frames of one form and in one frame."""
    found: dict[str, dict[str, object]] = {}
    for place, head in enumerate(HEADS):
        by_group: dict[tuple[str, str], list[float]] = defaultdict(list)
        by_frame: dict[int, dict[str, float]] = defaultdict(dict)
        for (frame, group, _), score in zip(rows, scores[:, place], strict=True):
            form = "adjective" if "{adjective}" in FRAMES[frame] else "plural"
            by_group[form, group].append(float(score))
            by_frame[frame][group] = float(score)
        widest = (0.0, "", "")
        for form in ("adjective", "plural"):
            means = {group: float(np.mean(values)) for (kind, group), values in by_group.items() if kind == form}
            high, low = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
            widest = max(widest, (means[high] - means[low], high, low))
        frames = [max(values.values()) - min(values.values()) for values in by_frame.values()]
        found[head] = {
            "widest_mean_gap": round(widest[0], 4),
            "between": f"{widest[1]} and {widest[2]}",
            "widest_in_one_frame": round(max(frames), 4),
            "frames_under_limit": sum(gap < GAP_MAX for gap in frames),
            "frames": len(frames),
        }
    return found
