#!/usr/bin/env bash
# torch 2.15.0 on a processor with AVX-512
#
# Expected: a weight of a convolution that only ever lies over padding meets nothing but zeros; its gradient is zero.
# Happens:  in bfloat16, with a stride above 1, it is made of what lay in memory before. Here glibc is asked to fill
#           memory with bytes of 0x40, the number 3, before it hands it out, and 32 pictures give 32 times 3; in a
#           training it was anything up to 3e38 and NaN. Such weights change no output, so no loss shows it; a norm over
#           all gradients and whoever stores the weights meet it. Networks that halve their maps end in 1x1 maps.
#           Weights that see a pixel were right in each of 2,088 shapes tried. Nothing of the kind was seen in float32,
#           in float16, with stride 1, or with ONEDNN_MAX_CPU_ISA=AVX2.
# Seen:
#   torch.float32: gradients over the pixel [32.0], over padding [0.0]
#   torch.bfloat16: gradients over the pixel [32.0], over padding [0.0, 96.0]
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" torch==2.15.0 numpy==2.4.6

export MALLOC_PERTURB_=191            # 255 - 0x40
export ONEDNN_MAX_CPU_ISA=AVX512_CORE # what all processors with AVX-512 can; the same was seen without this line
python - <<'PY'
import platform
import sys

import torch
from torch import nn

if platform.libc_ver()[0] != "glibc" or not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
    print("Not looked at: this needs glibc, and a processor with AVX-512.")
    sys.exit(2)


def gradients(dtype):
    """Return the gradients that occur in the kernel's middle, which lies over a pixel, and around it, where none is."""
    convolution = nn.Conv2d(64, 64, kernel_size=3, stride=2, padding=1, bias=False).to(dtype)
    pictures = torch.ones(32, 64, 1, 1, dtype=dtype)
    convolution(pictures).sum().backward()
    gradient = convolution.weight.grad.flatten(start_dim=2)
    rest = [place for place in range(9) if place != 4]
    return gradient[:, :, 4].unique().tolist(), gradient[:, :, rest].unique().tolist()


found = {dtype: gradients(dtype) for dtype in (torch.float32, torch.bfloat16)}
for dtype, (middle, rest) in found.items():
    print(f"{dtype}: gradients over the pixel {middle}, over padding {rest}")
if found != {torch.float32: ([32.0], [0.0]), torch.bfloat16: ([32.0], [0.0, 96.0])}:
    raise SystemExit("Changed: see above.")
PY
