#!/usr/bin/env bash
# torch 2.15.0 with onnxscript 0.7.2, onnx 1.23.2 and onnxruntime 1.32.0
#
# Expected: torch.onnx.export(network, inputs, "net.onnx") writes net.onnx, which can be handed on.
# Happens:  the weights, be they a few hundred bytes, go into net.onnx.data beside it, while the biases stay in.
#           onnxruntime opens it where it was made, and refuses net.onnx alone where it was sent to. The same call with
#           a buffer instead of a name makes one whole file, and so does external_data=False.
# Seen:
#   bytes written: {'net.onnx': 6517, 'net.onnx.data': 608}
#   where it was made: opens
#   net.onnx alone: tensorprotoutils.cc:619 ValidateExternalDataPathFromDir External data path does not exist: "sent/net.onnx.data"
#   from a buffer: opens
#   external_data=False, alone: opens
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" torch==2.15.0 numpy==2.4.6 \
    onnxscript==0.7.2 onnx==1.23.2 onnxruntime==1.32.0

python - <<'PY'
import io
import logging
import shutil
from pathlib import Path

import onnxruntime
import torch
from torch import nn

logging.disable()


def opens(file):
    try:
        onnxruntime.InferenceSession(file)
    except Exception as error:  # onnxruntime's own classes are not public
        return str(error).split("Error: ")[-1].replace(f"{Path.cwd()}/", "")
    return "opens"


network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)).eval()
images = torch.zeros(2, 1, 28, 28)
for folder in ("made", "sent", "whole"):
    Path(folder).mkdir()

torch.onnx.export(network, (images,), "made/net.onnx", verbose=False)
shutil.copy("made/net.onnx", "sent")
torch.onnx.export(network, (images,), "whole/net.onnx", external_data=False, verbose=False)
torch.onnx.export(network, (images,), buffer := io.BytesIO(), verbose=False)

written = {file.name: file.stat().st_size for file in sorted(Path("made").iterdir())}
answers = {
    "where it was made": opens("made/net.onnx"),
    "net.onnx alone": opens("sent/net.onnx"),
    "from a buffer": opens(buffer.getvalue()),
    "external_data=False, alone": opens("whole/net.onnx"),
}
print(f"bytes written: {written}")
for what, answer in answers.items():
    print(f"{what}: {answer}")
opening = [answer == "opens" for answer in answers.values()]
if set(written) != {"net.onnx", "net.onnx.data"} or opening != [True, False, True, True]:
    raise SystemExit("Changed: see above.")
PY
