"""Where things lie, and the heads in their order.

Knows folders and names. Must not know what a row or a model is. Rule: everything that holds text of the public sets
lies under WORK, which ignores itself in git.
"""

import hashlib
from pathlib import Path

HEADS = ("toxicity", "insult", "threat", "obscene", "identity_attack", "sexual")
# Who is attacked, where somebody is for what they are: one output each after the heads, masked where a set is silent.
ATTACKED = ("race", "religion", "sex", "sexual_orientation", "gender_identity", "disability", "age")
OUTPUTS = HEADS + tuple(f"attacked_{name}" for name in ATTACKED)
TOKENS_MAX = 96
SEED = 20

TRAINING = Path(__file__).resolve().parent
ROOT = TRAINING.parent
WORK = TRAINING / "work"
WRITTEN = TRAINING / "written"
SWAPS = TRAINING / "swaps"
SHIPPED = ROOT / "bot" / "toxicity"
PUBLIC_TRAIN = ROOT.parent / "shared" / "train"
PUBLIC_DEV = ROOT.parent / "shared" / "dev"


def work_folder(name: str = "") -> Path:
    """Return WORK/name, made if needed, with the file that keeps all of WORK out of git."""
    folder = WORK / name if name else WORK
    folder.mkdir(parents=True, exist_ok=True)
    marker = WORK / ".gitignore"
    if not marker.exists():
        marker.write_text("*\n", encoding="utf-8")
    return folder


STAGES = ("one", "two", "three")


def stage_folder(name: str) -> Path:
    """Return the folder under WORK of a stage (one of STAGES), or of another run by its own name."""
    return WORK / (f"stage-{name}" if name in STAGES else name)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
