"""The graph that ships: written out for one text, in two parts that an If joins.

Knows the model's form in ONNX. Must not know rows, figures or calibration's choices. Rules: opset 17; input input_ids, one row,
no padding; one output `probabilities`, after calibration and sigmoid; what an exit lets go is decided by the text alone.

The first part ends with an exit after some layers (training/model.py). Where none of the six heads may pass its limit there, the
exit's own scores are the answer; else the second part computes the layers that are left. int8 scales are those of the one text.
"""

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.compose import add_prefix
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.model import READ_LAYERS, Classifier
from training.places import HEADS, OUTPUTS, TOKENS_MAX

OPSET = 17
NEVER = -1e9
"""An exit's limit that no text stays under: all layers are computed."""
ALWAYS = 1e9
LATE = "late."


class _Part(torch.nn.Module):
    """What both parts share: a layer, and a calibration's buffers."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model
        shape = model.config
        self.heads = (shape.num_attention_heads, shape.hidden_size // shape.num_attention_heads)
        self.hidden = shape.hidden_size

    def constants(self, *names: str) -> None:
        """Buffers to be set after export. Not 1 and 0: those would be folded away."""
        for number, name in enumerate(names, start=1):
            self.register_buffer(name, torch.full((len(OUTPUTS),), number * 0.0009765625))

    def layer(
        self, layer: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rows: torch.Tensor
    ) -> torch.Tensor:
        """One layer's output for the rows that ask. query [heads, asking, size]; key, value [heads, tokens, size]."""
        weights = torch.softmax(query @ key.transpose(-1, -2) * self.heads[1] ** -0.5, dim=-1)
        seen = (weights @ value).transpose(0, 1).reshape(-1, self.hidden)
        rows = layer.attention.output.LayerNorm(layer.attention.output.dense(seen) + rows)
        inner = torch.nn.functional.gelu(layer.intermediate.dense(rows))
        return layer.output.LayerNorm(layer.output.dense(inner) + rows)

    def through(self, layers: torch.nn.ModuleList, together: torch.nn.ModuleList, rows: torch.Tensor) -> Iterator[torch.Tensor]:
        """All rows after each of some layers, query, key and value in one product."""
        for layer, product in zip(layers, together, strict=True):
            query, key, value = product(rows).view(-1, 3, *self.heads).permute(1, 2, 0, 3).unbind()
            rows = self.layer(layer, query, key, value, rows)
            yield rows


class Early(_Part):
    """From tokens to the exit: no mask, no shapes computed at run time."""

    def __init__(self, model: Classifier, layers: int) -> None:
        """Stop after so many layers."""
        super().__init__(model)
        self.layers = model.bert.encoder.layer[:layers]
        self.together = torch.nn.ModuleList(_together(one.attention.self, "query", "key", "value") for one in self.layers)
        self.exit = model.exits[str(layers)]
        self.register_buffer("positions", model.bert.embeddings.position_embeddings.weight[:TOKENS_MAX].detach().clone())
        self.register_buffer("kind", model.bert.embeddings.token_type_embeddings.weight[0].detach().clone())
        self.constants("exit_scale", "exit_shift", "exit_limit")

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return states [tokens, hidden], the exit's probabilities [1, outputs] and whether they will do, of input_ids [1, tokens]."""
        table = self.model.bert.embeddings
        rows = table.LayerNorm(table.word_embeddings(input_ids.view(-1)) + self.kind + self.positions[: input_ids.shape[1]])
        *_, rows = self.through(self.layers, self.together, rows)
        raw = self.exit(rows[:1], rows.mean(dim=0, keepdim=True))
        sure = (raw - self.exit_limit)[0, : len(HEADS)].max() < 0.0
        return rows, torch.sigmoid(raw * self.exit_scale + self.exit_shift), sure


class Late(_Part):
    """From the exit to the end; in the last layer the first token alone, the only one that is read. The wide part is added there."""

    def __init__(self, model: Classifier, layers: int) -> None:
        """Go on after so many layers."""
        super().__init__(model)
        self.layers = model.bert.encoder.layer[layers:-1]
        self.last = model.bert.encoder.layer[-1]
        self.summed = model.heads.summed()
        self.together = torch.nn.ModuleList(_together(one.attention.self, "query", "key", "value") for one in self.layers)
        self.last_together = _together(self.last.attention.self, "key", "value")
        self.constants(
            "calibration_scale", "calibration_shift", "calibration_knee", "calibration_gain", "calibration_middle", "calibration_drop"
        )

    def forward(self, rows: torch.Tensor, input_ids: torch.Tensor) -> torch.Tensor:
        """Return probabilities, [1, outputs], of states [tokens, hidden] and of the input_ids [1, tokens] themselves."""
        states = []
        for after in self.through(self.layers, self.together, rows):
            states.append(after[:1])
            rows = after
        key, value = self.last_together(rows).view(-1, 2, *self.heads).permute(1, 2, 0, 3).unbind()
        first = rows[:1]
        query = self.last.attention.self.query(first).view(1, *self.heads).transpose(0, 1)
        states.append(self.layer(self.last, query, key, value, first))
        elsewhere, more, gate = self.summed(torch.cat(states[: -READ_LAYERS - 1 : -1], dim=-1)).split(
            [len(OUTPUTS), len(OUTPUTS), 1], dim=-1
        )
        raw = elsewhere + torch.sigmoid(gate) * more + torch.nn.functional.pad(self.model.wide(input_ids), (0, len(OUTPUTS) - len(HEADS)))
        above = torch.relu(raw - self.calibration_knee) * self.calibration_gain
        below = torch.relu(self.calibration_middle - raw) * self.calibration_drop
        return torch.sigmoid(raw * self.calibration_scale + self.calibration_shift + above - below)


def _together(attention: torch.nn.Module, *names: str) -> torch.nn.Linear:
    """Several products of the same rows as one."""
    parts = [getattr(attention, name) for name in names]
    made = torch.nn.Linear(parts[0].in_features, len(parts) * parts[0].out_features)
    made.weight.data = torch.cat([part.weight.data for part in parts])
    made.bias.data = torch.cat([part.bias.data for part in parts])
    return made


def write(model: Classifier, target: Path, *, exit_after: int, int8: bool = True, reduce_range: bool = False) -> None:
    """Write the graph, its weights in int8 (one scale a channel, activations scaled at each run) or in float32."""
    model.eval()  # type: ignore[no-untyped-call]
    ids = torch.randint(1000, 2000, (1, 12))
    early, late = Early(model, exit_after).eval(), Late(model, exit_after).eval()
    with torch.no_grad():
        rows, _, _ = early(ids)
    with tempfile.TemporaryDirectory() as place:
        parts = []
        for part, given, takes, gives in (
            (early, (ids,), ["input_ids"], ["states", "exit_probabilities", "sure"]),
            (late, (rows, ids), ["states", "input_ids"], ["probabilities"]),
        ):
            file = Path(place) / f"{takes[0]}.onnx"
            _export(part, given, file, takes, gives)
            if int8:
                file = _quantised(file, reduce_range=reduce_range)
            parts.append(onnx.load(str(file)))
    onnx.save(_joined(*parts), str(target))


def _export(part: torch.nn.Module, given: tuple[torch.Tensor, ...], file: Path, takes: Sequence[str], gives: Sequence[str]) -> None:
    axes = {"input_ids": {1: "tokens"}, "states": {0: "tokens"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part,
            given,
            str(file),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(takes),
            output_names=list(gives),
            dynamic_axes={name: found for name, found in axes.items() if name in (*takes, *gives)},
        )


_IN_FLOAT = (".heads.", "summed.", ".exits.")
"""Small products of one token. Their sums saturate most often in int8 on processors without VNNI (README.md)."""


def _quantised(source: Path, *, reduce_range: bool) -> Path:
    logging.getLogger().setLevel(logging.ERROR)  # it recommends a preparation that changes nothing here
    target = source.with_suffix(".int8")
    nodes = onnx.load(str(source)).graph.node
    kept = [node.name for node in nodes if any(part in name for name in node.input for part in _IN_FLOAT)]
    quantize_dynamic(
        str(source),
        str(target),
        per_channel=True,
        reduce_range=reduce_range,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=kept + [f"{name}_MatMul" for name in kept],  # the quantiser renames what it takes apart
    )
    return target


def _joined(early: onnx.ModelProto, late: onnx.ModelProto) -> onnx.ModelProto:
    """The first part, and behind it an If: the exit's answer, or the second part's."""
    late = add_prefix(late, LATE, rename_inputs=False)
    out = late.graph.output[0].name
    shape = [1, len(OUTPUTS)]
    then = helper.make_graph(
        [helper.make_node("Identity", ["exit_probabilities"], ["exit.probabilities"])],
        "exit",
        [],
        [helper.make_tensor_value_info("exit.probabilities", TensorProto.FLOAT, shape)],
    )
    rest = helper.make_graph(
        list(late.graph.node),
        "late",
        [],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, shape)],
        initializer=list(late.graph.initializer),
    )
    made = copy.deepcopy(early)
    made.graph.node.append(helper.make_node("If", ["sure"], ["probabilities"], then_branch=then, else_branch=rest))
    del made.graph.output[:]
    made.graph.output.append(helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape))
    known = {one.domain for one in made.opset_import}
    made.opset_import.extend(one for one in late.opset_import if one.domain not in known)
    onnx.checker.check_model(made)
    return made


def set_constants(path: Path, values: dict[str, NDArray[np.float64]]) -> None:
    """Set calibration_… and exit_… [outputs] inside a written file."""
    model = onnx.load(str(path))
    *_, branch = model.graph.node
    rest = next(one.g for one in branch.attribute if one.name == "else_branch")
    entries = {entry.name.removeprefix(LATE): entry for entry in [*model.graph.initializer, *rest.initializer]}
    for name, value in values.items():
        entries[name].CopyFrom(numpy_helper.from_array(value.astype(np.float32), entries[name].name))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
