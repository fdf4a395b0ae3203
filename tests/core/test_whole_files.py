"""Files that are there whole or not at all."""

import os
from pathlib import Path

import pytest

from core import whole_files
from core.whole_files import read_file, sweep, write_file


def test_a_file_is_made_with_its_folder_and_then_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    write_file(path, b"one")

    def half_a_write(beside: Path, data: bytes) -> None:
        beside.write_bytes(data[:1])
        raise OSError("no space left")

    monkeypatch.setattr(whole_files, "_write_file", half_a_write)
    with pytest.raises(OSError, match="no space left"):
        write_file(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def alive(process: int) -> bool:
    return process == os.getpid()


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    for name in (".state-1.4711.0badcafe", ".final.0badcafe", "state-1", f".state-2.{os.getpid()}.0badcafe", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / ".card.json.4711.0badcafe").write_bytes(b"half")
    assert sweep(tmp_path, alive=alive) == [".card.json.4711.0badcafe", ".final.0badcafe", ".state-1.4711.0badcafe"]
    kept = [".hidden", f".state-2.{os.getpid()}.0badcafe", "state-1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == kept


def test_what_was_taken_away_for_something_that_never_came_goes_back(tmp_path: Path) -> None:
    (tmp_path / ".final.4711.0badcafe").mkdir()
    old = tmp_path / ".final.4711.0badcafe.old"
    old.mkdir()
    (old / "card.json").write_bytes(b"whole")
    sweep(tmp_path, alive=alive)
    assert [path.name for path in tmp_path.iterdir()] == ["final"]
    assert (tmp_path / "final" / "card.json").read_bytes() == b"whole"


def test_a_file_is_read_and_links_pipes_folders_and_what_is_too_large_are_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"data")
    assert read_file(path, at_most=4) == b"data"
    with pytest.raises(OSError, match="larger than"):
        read_file(path, at_most=3)
    with pytest.raises(OSError, match="not a regular file"):
        read_file(tmp_path, at_most=4)
    if os.name != "nt":
        (tmp_path / "link").symlink_to(path)
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="a link"):
            read_file(tmp_path / "link", at_most=4)
        with pytest.raises(OSError, match="not a regular file"):
            read_file(tmp_path / "pipe", at_most=4)


def test_a_file_that_is_refused_is_not_left_open(tmp_path: Path) -> None:
    import psutil

    before = psutil.Process().num_fds() if os.name != "nt" else 0
    for _time in range(20):
        with pytest.raises(OSError, match="not a regular file"):
            read_file(tmp_path, at_most=4)
    assert os.name == "nt" or psutil.Process().num_fds() == before
