"""The graph that ships, written out node by node for one text.

Knows the model's form in ONNX and in int8. Must not know rows, figures or calibration's choices. Rules: opset 17 and the operators that
onnxruntime has beside it (com.microsoft), on every processor; input input_ids, one row, no padding; one output; the text alone decides what is
computed.

Before and behind some layers stands an exit (training/model.py): where it does not doubt the text, its own scores are the answer, and an If
leaves out everything behind it. Weights are int8 with one scale a channel; activations are scaled at each run, by what this one text makes
of them. A layer is eleven nodes: attention is one (QAttention: product, softmax and sum; against a node for each, a tenth of a message's
time), and where something is added the node is Sum, as the runtime makes Add before LayerNormalization into an operator that takes three
times as long.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.calibration import Affine, Exit
from training.model import READ_LAYERS, WIDE_BETWEEN, WIDE_BUCKETS, WIDE_FIRST, WIDE_GAP, WIDE_SECOND, WIDE_SHRINK, Classifier
from training.places import HEADS, OUTPUTS, TOKENS_MAX

OPSET, IR_VERSION = 17, 8
MICROSOFT = "com.microsoft"
QUANTISED, SCALE, ZERO = "_quantized", "_scale", "_zero_point"
Values = NDArray[Any]


def quantised_by_column(weight: Values) -> tuple[Values, Values]:
    """Return a product's weight [in, out] as int8, symmetric, and the scale of each column [out]."""
    reach = np.abs(weight).max(axis=0).astype(np.float64)
    scale = np.where(reach > 0, reach / 127, 1.0).astype(np.float32)
    return np.clip(np.round(weight / scale), -127, 127).astype(np.int8), scale


def quantised_whole(table: Values) -> tuple[Values, Values, Values]:
    """Return a table as uint8, the one scale of its entries, and what stands for zero."""
    lowest, highest = min(float(table.min()), 0.0), max(float(table.max()), 0.0)
    scale = np.float32((highest - lowest) / 255) if highest > lowest else np.float32(1.0)
    zero = np.uint8(round(-lowest / float(scale)))
    return np.clip(np.round(table / scale) + zero, 0, 255).astype(np.uint8), np.array(scale), np.array(zero)


@dataclass(frozen=True, slots=True)
class _Part:
    """The graph, or a branch of it: nodes and weights so far. All parts of a graph count their names together."""

    model: Classifier
    number: Any
    nodes: list[onnx.NodeProto]
    weights: dict[str, Values]

    def branch(self) -> "_Part":
        """Return a part that begins empty, and sees what stands in this one."""
        return _Part(self.model, self.number, [], {})

    def keep(self, name: str, values: Any) -> str:
        """Hold a constant; give its name."""
        self.weights[name] = np.asarray(values)
        return name

    def constant(self, values: Any, kind: Any = np.int64) -> str:
        """Hold a constant that no name is needed for."""
        return self.keep(f"constant.{next(self.number)}", np.asarray(values, dtype=kind))

    def half(self, name: str, values: torch.Tensor) -> str:
        """Hold a matrix that is computed with in float32 and kept in float16; the runtime turns it into float32 once, as it loads."""
        return self.node("Cast", self.keep(name, _array(values).astype(np.float16)), to=TensorProto.FLOAT)

    def nodes_of(self, kind: str, *given: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node; give the names of its outputs."""
        made = [f"{kind.lower()}.{next(self.number)}" for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, given, made, name=made[0], domain=domain, **attributes))
        return made

    def node(self, kind: str, *given: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; give its name."""
        return self.nodes_of(kind, *given, outputs=1, domain=domain, **attributes)[0]

    def as_graph(self, name: str, output: str, inputs: Sequence[onnx.ValueInfoProto] = ()) -> onnx.GraphProto:
        """Return what was built, with one output, [1, any]."""
        kept = [numpy_helper.from_array(values, key) for key, values in self.weights.items()]
        return helper.make_graph(self.nodes, name, inputs, [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, None])], kept)

    # The model's parts. States are [1, tokens, hidden].

    def in_int8(self, name: str, weight: torch.Tensor, bias: torch.Tensor) -> tuple[str, str, str]:
        """Hold a weight [out, in] in int8 and its bias; give the names of weight, scales and bias."""
        values, scale = quantised_by_column(_array(weight).T)
        given = self.keep(f"{name}.weight{QUANTISED}", values), self.keep(f"{name}.weight{SCALE}", scale)
        return *given, self.keep(f"{name}.bias", _array(bias))

    def product(self, rows: str, name: str, dense: torch.nn.Linear) -> str:
        """Rows times an int8 weight, and a bias."""
        weight, scale, bias = self.in_int8(name, dense.weight, dense.bias)
        return self.node("DynamicQuantizeMatMul", rows, weight, scale, "", bias, domain=MICROSOFT)

    def in_float(self, row: str, name: str, layer: torch.nn.Linear, *, half: bool = False) -> str:
        """One row times a weight that is computed with in float32: small products, whose sums would saturate most often on processors
        without VNNI (README.md). The large ones are kept by `half`."""
        name_of_weight = f"{name}.weight"
        weight = self.half(name_of_weight, layer.weight.T) if half else self.keep(name_of_weight, _array(layer.weight.T))
        return self.node("Gemm", row, weight, self.keep(f"{name}.bias", _array(layer.bias)))

    def normed(self, one: str, other: str, name: str, norm: torch.nn.LayerNorm) -> str:
        """The sum of both, normed by row."""
        given = self.keep(f"{name}.weight", _array(norm.weight)), self.keep(f"{name}.bias", _array(norm.bias))
        return self.node("LayerNormalization", self.node("Sum", one, other), *given, axis=-1, epsilon=norm.eps)

    def looked_up(self, name: str, table: torch.Tensor, places: str) -> str:
        """Entries of a table of uint8."""
        values, scale, zero = quantised_whole(_array(table))
        entries = self.node("Gather", self.keep(f"{name}.weight{QUANTISED}", values), places)
        given = self.keep(f"{name}.weight{SCALE}", scale), self.keep(f"{name}.weight{ZERO}", zero)
        return self.node("DequantizeLinear", entries, *given)

    def embedded(self, ids: str) -> str:
        """The states before the first layer."""
        table = self.model.bert.embeddings
        places = table.position_embeddings.weight[:TOKENS_MAX] + table.token_type_embeddings.weight[0]
        count = self.node("Shape", ids, start=1, end=2)
        places = self.node("Slice", self.half("positions", places[None]), self.constant([0]), count, self.constant([1]))
        entries = self.looked_up("bert.embeddings.word_embeddings", table.word_embeddings.weight, ids)
        return self.normed(entries, places, "bert.embeddings.LayerNorm", table.LayerNorm)

    def layer(self, rows: str, number: int) -> str:
        """The states after a layer, of those before it; after the last one the first token's alone, the only one that is read: what scales
        its activations to int8 is then no other token."""
        layer, name = self.model.bert.encoder.layer[number], f"bert.encoder.layer.{number}"
        own = layer.attention.self
        weight = torch.cat([own.query.weight, own.key.weight, own.value.weight])
        bias = torch.cat([own.query.bias, own.key.bias, own.value.bias])
        weights, columns, biases = self.in_int8(f"{name}.attention.self", weight, bias)
        whole, scale, zero = self.nodes_of("DynamicQuantizeLinear", rows, outputs=3)
        given = whole, weights, biases, scale, columns, "", zero
        seen = self.node("QAttention", *given, domain=MICROSOFT, num_heads=own.num_attention_heads)
        if number == self.model.config.num_hidden_layers - 1:
            seen, rows = (self.node("Slice", part, *map(self.constant, ([0], [1], [1]))) for part in (seen, rows))
        out, inner, outer = layer.attention.output, layer.intermediate, layer.output
        seen = self.product(seen, f"{name}.attention.output.dense", out.dense)
        rows = self.normed(seen, rows, f"{name}.attention.output.LayerNorm", out.LayerNorm)
        wide = self.product(rows, f"{name}.intermediate.dense", inner.dense)
        wide = self.node("Gelu", wide, domain=MICROSOFT)
        wide = self.product(wide, f"{name}.output.dense", outer.dense)
        return self.normed(wide, rows, f"{name}.output.LayerNorm", outer.LayerNorm)

    def first(self, rows: str) -> str:
        """The first token's state, [1, hidden]."""
        return self.node("Gather", rows, self.constant(0), axis=1)

    def exit_reads(self, rows: str, after: int) -> str:
        """What an exit reads of the states after so many layers (training/model.py, `early_states`)."""
        mean = self.node("ReduceMean", rows, axes=[1], keepdims=0)
        return self.node("Concat", self.first(rows), mean, axis=-1) if after else mean

    def exit_units(self, rows: str, after: int) -> str:
        """What an exit makes of the states after so many layers."""
        dense = self.model.exits[str(after)].dense
        return self.node("Tanh", self.in_float(self.exit_reads(rows, after), f"exits.{after}.dense", dense, half=True))

    def exit_says(self, units: str, after: int, chosen: Exit) -> str:
        """An exit's own scores."""
        raw = self.in_float(units, f"exits.{after}.out", self.model.exits[str(after)].out)
        scale, shift = (self.keep(f"exits.{after}.{name}", getattr(chosen, name).astype(np.float32)) for name in ("scale", "shift"))
        return self.node("Sigmoid", self.node("Add", self.node("Mul", raw, scale), shift))

    def wide(self, ids: str) -> str:
        """What words and pairs of words say by themselves, [1, outputs]: nothing of who is attacked."""
        wide = self.model.wide

        def part(start: int, stop: int) -> str:
            return self.node("Slice", ids, self.constant([start]), self.constant([stop]), self.constant([1]))

        inner = part(1, -1)
        places = [inner]
        for between in WIDE_BETWEEN:
            one = self.node("Mul", part(1, -2 - between), self.constant(WIDE_FIRST))
            other = self.node("Mul", part(2 + between, -1), self.constant(WIDE_SECOND))
            together = self.node("Add", self.node("Add", one, other), self.constant(WIDE_GAP * between))
            places.append(self.node("Add", self.node("Mod", together, self.constant(WIDE_BUCKETS)), self.constant(wide.words)))
        said = self.looked_up("wide.table", wide.table.weight, self.node("Concat", *places, axis=1))
        said = self.node("ReduceSum", said, self.constant([1]), keepdims=0)
        many = self.node("Cast", self.node("Shape", inner, start=1, end=2), to=TensorProto.FLOAT)
        many = self.node("Sqrt", self.node("Add", many, self.constant(WIDE_SHRINK, np.float32)))
        said = self.node("Add", self.node("Div", said, many), self.keep("wide.bias", _array(wide.bias)))
        return self.node("Concat", said, self.constant(np.zeros((1, len(OUTPUTS) - len(HEADS))), np.float32), axis=-1)

    def heads(self, states: Sequence[str], ids: str) -> str:
        """Log-odds [1, outputs] of the first token's states, the last layer's first."""
        dense, _, out = self.model.heads.summed()
        units = self.node("Relu", self.in_float(self.node("Concat", *states, axis=-1), "heads.dense", dense, half=True))
        said = self.in_float(units, "heads.out", out)
        sizes = self.constant([len(OUTPUTS), len(OUTPUTS), 1])
        elsewhere, more, gate = self.nodes_of("Split", said, sizes, outputs=3, axis=-1)
        ours = self.node("Mul", self.node("Sigmoid", gate), more)
        return self.node("Add", self.node("Add", elsewhere, ours), self.wide(ids))

    def calibrated(self, raw: str, affines: Sequence[Affine]) -> str:
        """Scores of log-odds (training/calibration.py)."""
        each = {
            field.name: self.keep(f"calibration.{field.name}", np.array([getattr(one, field.name) for one in affines], dtype=np.float32))
            for field in fields(Affine)
        }
        above = self.node("Mul", self.node("Relu", self.node("Sub", raw, each["knee"])), each["gain"])
        below = self.node("Mul", self.node("Relu", self.node("Sub", each["middle"], raw)), each["drop"])
        whole = self.node("Add", self.node("Mul", raw, each["scale"]), each["shift"])
        return self.node("Sigmoid", self.node("Sub", self.node("Add", whole, above), below))


def _array(values: torch.Tensor) -> Values:
    return np.ascontiguousarray(values.detach().numpy().astype(np.float32))


def _built(model: Classifier, output: str, fill: Callable[[_Part, str], str]) -> onnx.ModelProto:
    """The graph that `fill` builds of input_ids; what it builds last is the output."""
    part = _Part(model, itertools.count(), [], {})
    with torch.no_grad():
        fill(part, "input_ids")
    part.nodes[-1].output[0] = output
    row = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    made = helper.make_model(part.as_graph("steward", output, [row]), opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(made)
    return made


def log_odds(model: Classifier) -> onnx.ModelProto:
    """Return a graph that computes all layers of every text and gives log-odds [1, outputs]."""

    def fill(part: _Part, ids: str) -> str:
        states = _through(part, ids, model.config.num_hidden_layers)
        return part.heads([part.first(rows) for rows in states[: -READ_LAYERS - 1 : -1]], ids)

    return _built(model, "log_odds", fill)


def exit_states(model: Classifier, after: int) -> onnx.ModelProto:
    """Return a graph that ends before an exit and gives what it reads, [1, size]."""
    return _built(model, "states", lambda part, ids: part.exit_reads(_through(part, ids, after)[-1], after))


def exit_log_odds(model: Classifier, after: int) -> onnx.ModelProto:
    """Return a graph that ends at an exit and gives its log-odds [1, outputs + 1], doubt last."""

    def fill(part: _Part, ids: str) -> str:
        units, own = part.exit_units(_through(part, ids, after)[-1], after), model.exits[str(after)]
        said = (part.in_float(units, f"exits.{after}.{name}", getattr(own, name)) for name in ("out", "doubt"))
        return part.node("Concat", *said, axis=-1)

    return _built(model, "log_odds", fill)


def _through(part: _Part, ids: str, layers: int) -> list[str]:
    """The states before the first layer and after each of so many."""
    states = [part.embedded(ids)]
    for number in range(layers):
        states.append(part.layer(states[-1], number))
    return states


def shipped(model: Classifier, affines: Sequence[Affine], exits: Mapping[int, Exit]) -> onnx.ModelProto:
    """Return the graph that ships: scores [1, outputs], 0 to 1; `exits` by the layers before them."""

    def go_on(part: _Part, ids: str, rows: str, number: int, states: list[str]) -> str:
        """Build what follows the states after `number` layers, an exit apart."""
        if number == model.config.num_hidden_layers:
            return part.calibrated(part.heads(states, ids), affines)
        rows = part.layer(rows, number)
        if number >= model.config.num_hidden_layers - READ_LAYERS:
            states = [part.first(rows), *states]
        return leave_or_go_on(part, ids, rows, number + 1, states)

    def leave_or_go_on(part: _Part, ids: str, rows: str, number: int, states: list[str]) -> str:
        """Build what follows the states after `number` layers."""
        if number not in exits:
            return go_on(part, ids, rows, number, states)
        units, leaves, goes_on = part.exit_units(rows, number), part.branch(), part.branch()
        doubt = part.in_float(units, f"exits.{number}.doubt", model.exits[str(number)].doubt)
        sure = part.node("Less", doubt, part.keep(f"exits.{number}.limit", np.array(exits[number].limit, dtype=np.float32)))
        said = leaves.as_graph("exit", leaves.exit_says(units, number, exits[number]))
        rest = goes_on.as_graph("layers", go_on(goes_on, ids, rows, number, states))
        return part.node("If", sure, then_branch=said, else_branch=rest)

    return _built(model, "probabilities", lambda part, ids: leave_or_go_on(part, ids, part.embedded(ids), 0, []))
