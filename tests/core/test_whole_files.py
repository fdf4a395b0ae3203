"""Files that are there whole or not at all."""

from pathlib import Path

import pytest

from core import whole_files
from core.whole_files import write_file


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
