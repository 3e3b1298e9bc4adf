"""Takes the weights back out of what ships, so that training goes on from them where the folder that they came from is gone.

Knows the names that training/graph.py gives. Must not know rows. Rules: what int8 rounded stays rounded (exported again it scores as before, but
for the rounding of the first time: README.md); what does not ship (linear outputs, other exits, the outputs of each domain apart) starts anew,
and the domains say what they said together; the calibration stays behind, as each export makes its own.

    python -m training.restore --out shipped
"""

import argparse
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from training.graph import LATE
from training.model import EXITS, GATE_DOUBT, Classifier, empty
from training.places import OUTPUTS, SHIPPED, work_folder

_QKV = ("query", "key", "value")


def weights_in(path: Path) -> dict[str, torch.Tensor]:
    """Return what a file written by training/graph.py holds, by its names there, in float32; products as torch keeps them [out, in]."""
    graph = onnx.load(str(path)).graph
    rest = next((one.g for one in graph.node[-1].attribute if one.name == "else_branch"), onnx.GraphProto())
    raw = {entry.name: numpy_helper.to_array(entry) for entry in [*graph.initializer, *rest.initializer]}
    found = {}
    for name, values in raw.items():
        if name.endswith(("_scale", "_zero_point")) and not name.endswith(("exit_scale", "calibration_scale")):
            continue
        plain = name.removesuffix("_quantized")
        if plain != name:
            zero, scale = raw[f"{plain}_zero_point"], raw[f"{plain}_scale"]
            values = (values.astype(np.float32) - zero.astype(np.float32)) * scale
        kept = plain.removesuffix("_Transposed")
        found[kept] = torch.from_numpy(np.array(values.T if plain != kept else values, dtype=np.float32))
    return found


def _layer(found: Mapping[str, torch.Tensor], number: int, exit_after: int, layers: int) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield names in the model, and weights, of the products that the graph joins in one layer."""
    late, last = number >= exit_after, number == layers - 1
    joined, names = (f"{LATE}last_together", _QKV[1:]) if last else (f"{LATE if late else ''}together.{number - late * exit_after}", _QKV)
    for kind in ("weight", "bias"):
        for name, part in zip(names, found[f"{joined}.{kind}"].chunk(len(names)), strict=True):
            yield f"bert.encoder.layer.{number}.attention.self.{name}.{kind}", part


def restored(path: Path) -> Classifier:
    """Return the model whose weights a file written by training/graph.py holds. Raises KeyError where it is of another shape."""
    model, found = empty(), weights_in(path)
    layers = model.config.num_hidden_layers
    exit_after = next((count for count in EXITS if f"model.exits.{count}.out.bias" in found), EXITS[0])
    state = model.state_dict()
    known = {name.removeprefix(LATE).removeprefix("model."): value for name, value in found.items()}
    taken = {name: value for name, value in known.items() if name in state}
    for number in range(layers):
        taken |= dict(_layer(found, number, exit_after, layers))
    more = torch.linalg.pinv(model.heads.shares.permute(2, 0, 1))[:, :, 1]
    for kind in ("weight", "bias"):
        said = known[f"summed.2.{kind}"]
        silent = said.new_zeros(len(OUTPUTS) + 1, *said.shape[1:])  # weights from before the gate say the same in every register
        one, differs, taken[f"heads.gate.{kind}"] = torch.cat([said, silent])[: 2 * len(OUTPUTS) + 1].split([len(OUTPUTS), len(OUTPUTS), 1])
        taken[f"heads.out.{kind}"] = (one[None] + torch.einsum("ot,o...->to...", more, differs)).flatten(0, 1)
    taken["heads.gate.bias"] = taken["heads.gate.bias"] + GATE_DOUBT
    places, kinds = "bert.embeddings.position_embeddings.weight", "bert.embeddings.token_type_embeddings.weight"
    taken[places] = torch.cat([found["positions"], state[places][len(found["positions"]) :]])
    taken[kinds] = torch.stack([found["kind"], *state[kinds][1:]])
    lacking = [name for name in state if name not in taken and not name.startswith(("bert.pooler.", "classifier.", "exits."))]
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
