"""Code that is not run is let go of, and runs again all the same."""

import subprocess
import sys

import pytest

from core.compute import code_pages

TRY = """
import psutil, torch
from core.compute.code_pages import let_go_of_code

def held():
    return psutil.Process().memory_info().rss

def answer():
    torch.manual_seed(0)
    image = torch.randn(1, 3, 16, 16)
    return torch.nn.functional.conv2d(image, torch.randn(4, 3, 3, 3)).double().sum().item()

before, first = held(), answer()
dropped = let_go_of_code()
after = held()
print(dropped > 50e6, before - after > 50e6, answer() == first)
"""


@pytest.mark.skipif(not code_pages._MAPPINGS.exists(), reason="only Linux tells which pages are in memory")
def test_code_is_let_go_of_and_computes_the_same_afterwards() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]


def test_where_the_system_does_not_tell_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_pages, "of_c_library", lambda _name: None)
    assert code_pages.let_go_of_code() == 0
