#!/usr/bin/env bash
# torch 2.15.0, torchvision 0.29.2 (Linux)
#
# Expected: `import torchvision` adds networks, transforms and operators to torch. torch's compiler is loaded by whoever
#           calls torch.compile: torch puts off importing it for that reason, and `import torch` does not load it.
# Happens:  torchvision's operator for regions of interest asks the compiler's package at its top whether it can compile,
#           and every import of torchvision passes it. So a program that compiles nothing, such as a web server that
#           classifies with a ResNet, holds TorchDynamo, SymPy and Triton: 1,094 modules and 172 MiB of resident memory
#           more in every process that imports for itself.
# Seen:
#   after torch:       torch._dynamo False, sympy False, triton False
#   after torchvision: torch._dynamo True, sympy True, triton True
#   torchvision brought 1,094 modules in 1.0 s of processor time, and 172 MiB
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" torch==2.15.0 torchvision==0.29.2 numpy==2.4.6

python - <<'PY'
import resource
import sys
import time

COMPILER = "torch._dynamo", "sympy", "triton"


def loaded(after):
    """Print and return which parts of the compiler have been imported."""
    found = {name: name in sys.modules for name in COMPILER}
    print(f"after {after}: {', '.join(f'{name} {there}' for name, there in found.items())}")
    return list(found.values())


import torch

before, modules = loaded("torch"), len(sys.modules)
held, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
import torchvision

after = loaded("torchvision")
print(
    f"torchvision brought {len(sys.modules) - modules:,} modules in {time.process_time() - started:.1f} s of processor "
    f"time, and {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024:.0f} MiB"
)
if (before, after) != ([False] * 3, [True] * 3):
    raise SystemExit("Changed: see above.")
PY
