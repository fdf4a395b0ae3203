#!/usr/bin/env bash
# torchvision 0.29.2 with torch 2.15.0
#
# Expected: create_feature_extractor works on the network that it is given; a network that another thread is using does
#           not know of it.
# Happens:  while it traces (torch.fx), calls of nn.Module go through the tracer in the whole process: a forward pass of
#           any other network, in any other thread, raises NameError for as long as that lasts. In a server that answers
#           several people, one person's look into a network breaks the others' predictions now and then.
# Seen:
#   the other network before: an output of (1, 2, 6, 6)
#   the other network meanwhile: NameError: module is not installed as a submodule
#   the other network afterwards: an output of (1, 2, 6, 6)
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" torch==2.15.0 torchvision==0.29.2

python - <<'PY'
import threading

import torch
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

PATIENCE = 60  # seconds
tracing, tried = threading.Event(), threading.Event()


class Pause(nn.Module):
    """Hands its input on, and holds the tracing until the other network has been tried."""

    def forward(self, maps):
        tracing.set()
        tried.wait(PATIENCE)
        return maps


def answer():
    try:
        return f"an output of {tuple(other(torch.zeros(1, 1, 8, 8)).shape)}"
    except NameError as error:
        return f"NameError: {error}"


other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).eval()
looked_into = nn.Sequential(nn.Conv2d(1, 2, 3), Pause())
answers = {"before": answer()}
thread = threading.Thread(target=create_feature_extractor, args=(looked_into, ["0"]))
thread.start()
tracing.wait(PATIENCE)
answers["meanwhile"] = answer()
tried.set()
thread.join()
answers["afterwards"] = answer()

for when, what in answers.items():
    print(f"the other network {when}: {what}")
if not answers["meanwhile"].startswith("NameError") or answers["before"] != answers["afterwards"]:
    raise SystemExit("Changed: see above.")
PY
