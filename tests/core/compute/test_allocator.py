"""The allocator gives back what is freed; where a C library cannot be told so, nothing happens."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from core.compute import allocator

ROOT = Path(__file__).parent.parent.parent.parent
GLIBC = platform.libc_ver()[0] == "glibc"

MANY_THREADS = """if True:
    import sys, threading
    from pathlib import Path
    from core.compute import allocator

    if sys.argv[1] == "told":
        assert allocator.keep_little()

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

    def work(number, together):
        blocks = [bytearray(100_000) for _block in range(200)]  # 20 MB of blocks below any threshold
        together.wait()
        del blocks[::2], blocks[:-1]  # the last one holds the end of its arena
        kept.append(blocks)

    kept = []
    before = resident()
    together = threading.Barrier(12)
    threads = [threading.Thread(target=work, args=(number, together)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if sys.argv[1] == "told":
        assert allocator.give_back()
    print(resident() - before)
"""


def left_over(how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", MANY_THREADS, how], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.skipif(not GLIBC, reason="another C library than glibc")
def test_what_many_threads_have_freed_is_given_back() -> None:
    assert left_over("told") < 0.25 * left_over("untold")


def test_a_c_library_without_the_settings_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    allocator.of_c_library.cache_clear()
    try:
        assert not allocator.keep_little()
        assert not allocator.give_back()
    finally:
        allocator.of_c_library.cache_clear()
