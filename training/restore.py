"""Takes the weights back out of what ships, so that training goes on from them where the folder that they came from is gone.

Knows the names that training/graph.py gives. Must not know rows. Rules: what int8 rounded stays rounded (exported again it scores as before, but
for the rounding of the first time: README.md); what does not ship (the outputs of each domain apart) starts anew;
the domains say what they said together; the calibration and the exits' limits stay behind, as each export makes its own.

    python -m training.restore --out shipped
"""

import argparse
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from training.graph import QUANTISED, SCALE, ZERO
from training.model import GATE_DOUBT, Classifier, empty
from training.places import OUTPUTS, SHIPPED, work_folder

_TABLES = ("bert.embeddings.", "wide.", "positions")
"""What is looked up in, and so stands in the file as in the model."""


def weights_in(path: Path) -> dict[str, torch.Tensor]:
    """Return what a file written by training/graph.py holds, by its names there, in float32; products as torch keeps them [out, in]."""
    raw: dict[str, NDArray[Any]] = {}
    graphs = [onnx.load(str(path)).graph]
    for graph in graphs:
        raw |= {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
        graphs += [one.g for node in graph.node for one in node.attribute if one.name.endswith("_branch")]
    found = {}
    for name, values in raw.items():
        plain = name.removesuffix(QUANTISED)
        if plain != name:
            zero = raw.get(f"{plain}{ZERO}", np.array(0)).astype(np.float32)
            values = (values.astype(np.float32) - zero) * raw[f"{plain}{SCALE}"]
        turned = values.ndim == 2 and not plain.startswith(_TABLES)
        found[plain] = torch.from_numpy(np.array(values.T if turned else values, dtype=np.float32))
    return found


def _attention(found: Mapping[str, torch.Tensor], layers: int) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield names in the model, and weights, of the products that the graph joins in one."""
    for number in range(layers):
        joined = f"bert.encoder.layer.{number}.attention.self"
        for kind in ("weight", "bias"):
            for name, part in zip(("query", "key", "value"), found[f"{joined}.{kind}"].chunk(3), strict=True):
                yield f"{joined}.{name}.{kind}", part


def restored(path: Path) -> Classifier:
    """Return the model whose weights a file written by training/graph.py holds. Raises KeyError where it is of another shape."""
    model, known = empty(), weights_in(path)
    state = model.state_dict()
    taken = {name: value for name, value in known.items() if name in state and not name.startswith("heads.out.")}
    taken |= dict(_attention(known, model.config.num_hidden_layers))
    more = torch.linalg.pinv(model.heads.shares.permute(2, 0, 1))[:, :, 1]
    for kind in ("weight", "bias"):
        sizes = [len(OUTPUTS), len(OUTPUTS), 1]
        one, differs, taken[f"heads.gate.{kind}"] = known[f"heads.out.{kind}"].split(sizes)
        taken[f"heads.out.{kind}"] = (one[None] + torch.einsum("ot,o...->to...", more, differs)).flatten(0, 1)
    taken["heads.gate.bias"] = taken["heads.gate.bias"] + GATE_DOUBT
    places, kinds = "bert.embeddings.position_embeddings.weight", "bert.embeddings.token_type_embeddings.weight"
    both = known["positions"][0]  # a place's entry, and that of the one kind there is
    taken[places], taken[kinds] = torch.cat([both, state[places][len(both) :]]), torch.zeros_like(state[kinds])
    lacking = [name for name in state if name not in taken and not name.startswith("exits.")]
    if lacking:
        raise KeyError(lacking[0])
    model.load_state_dict(state | taken)
    return model


def main() -> int:
    """Write work/NAME; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a folder with model.onnx and tokenizer.json (bot/toxicity)")
    parser.add_argument("--out", required=True, help="the folder under work/ for the result")
    options = parser.parse_args()
    file = options.model / "model.onnx"
    if not file.is_file():
        parser.error(f"{file} is not there: name a folder with model.onnx and tokenizer.json")
    try:
        model = restored(file)
    except KeyError as missing:
        parser.error(f"{file} is not a model that training.export wrote: it lacks {missing}")
    folder = work_folder(options.out)
    torch.save(model.state_dict(), folder / "model.pt")
    shutil.copy(options.model / "tokenizer.json", folder / "tokenizer.json")
    print(f"the weights of {options.model} in {folder}: training.heads --stage {options.out}, training.train --start {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
