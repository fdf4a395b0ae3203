"""Libraries' code and tables that nobody needs are let go of, and do as before all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.compute import library_pages
from core.compute.library_pages import LibraryPages

TRY = """
import psutil, torch
from core.compute.library_pages import LibraryPages

def held():
    return psutil.Process().memory_info().rss

def answer():
    torch.manual_seed(0)
    image = torch.randn(1, 3, 16, 16)
    return torch.nn.functional.conv2d(image, torch.randn(4, 3, 3, 3)).double().sum().item()

def tables():
    return sum(held for each, held in library_pages._unchanged() if each.rights == "r--p")

from core.compute import library_pages
pages, before, first, read = LibraryPages(), held(), answer(), tables()
print((code := pages.let_go()) > 50e6, before - held() > 50e6, tables() > 0.5 * read)
print(pages.let_go() > 20e6, tables() < 0.5 * read)
import sqlite3, lzma, xml.etree.ElementTree  # libraries that came between two looks
pages.let_go(), pages.let_go()
print(answer() == first)
"""


@pytest.mark.skipif(not library_pages._MAPPINGS.exists(), reason="only Linux tells which pages are in memory")
def test_libraries_are_let_go_of_and_compute_the_same_afterwards() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 6


@pytest.mark.skipif(not library_pages._MAPPINGS.exists(), reason="only Linux tells which pages are in memory")
def test_tables_that_were_not_there_before_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    here = library_pages._Mapping(0, 4096, 1, "r--p")
    looks = iter([{}, {here: 4096}, {here: 4096}, {here: 4096}, {}, {here._replace(inode=2): 4096}])
    dropped: list[int] = []

    def advise(start: int, *_how: int) -> int:
        dropped.append(start)
        return 0

    monkeypatch.setattr(library_pages, "of_c_library", lambda _name: advise)
    monkeypatch.setattr(library_pages, "_unchanged", lambda: next(looks).items())
    pages = LibraryPages()
    assert [pages.let_go() for _look in range(6)] == [0, 0, 4096, 4096, 0, 0]
    assert len(dropped) == 2


SMAPS = """\
7f00-7f01 r--p 00000000 fe:00 11  /lib/changed.so
Rss:                   4 kB
Anonymous:             {anonymous} kB
Swap:                  {swap} kB
VmFlags: rd mr mw me
7f05-7f06 r--p 00000000 fe:00 13  /fonts/that is let go of.ttf
Rss:                   4 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd mr mw me
7f02-7f04 r--p 00000000 fe:00 12  /lib/tables.so.13
Rss:                   8 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd mr mw me
"""


@pytest.mark.parametrize(("anonymous", "swap"), [(4, 0), (0, 60)])
def test_tables_that_were_changed_are_left_alone_even_where_the_change_was_swapped_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anonymous: int, swap: int
) -> None:
    (tmp_path / "smaps").write_text(SMAPS.format(anonymous=anonymous, swap=swap))
    monkeypatch.setattr(library_pages, "_MAPPINGS", tmp_path / "smaps")
    assert dict(library_pages._unchanged()) == {library_pages._Mapping(0x7F02, 2, 12, "r--p"): 8192}


def test_where_the_system_does_not_tell_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_pages, "of_c_library", lambda _name: None)
    assert LibraryPages().let_go() == 0
