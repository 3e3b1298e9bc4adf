"""Makes bot/toxicity/sums.onnx, by which Steward finds out whether this processor adds int8 products exactly.

    python -m training.sums

One product of a row of 64 times 255 and columns of 64 times 127. Where onnxruntime's kernels add two neighbouring products in int16
(processors without VNNI; README.md, "int8 or float"), its sums are cut off.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bot.toxicity.embedded import SUMS, SUMS_LENGTH

COLUMNS = 8
HERE = Path(__file__).parent.parent / "bot" / "toxicity"


def main() -> None:
    """Write the file."""
    weights = numpy_helper.from_array(np.full((SUMS_LENGTH, COLUMNS), np.iinfo(np.int8).max, np.int8), "weights")
    row = helper.make_tensor_value_info("row", TensorProto.UINT8, [1, SUMS_LENGTH])
    sums = helper.make_tensor_value_info("sums", TensorProto.INT32, [1, COLUMNS])
    graph = helper.make_graph([helper.make_node("MatMulInteger", ["row", "weights"], ["sums"])], "sums", [row], [sums], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    (HERE / SUMS).write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
