"""Room on the disk: taken before it is needed, given back where there is too little, and refusals in words."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core import disk
from core.data import array_file as array_files
from core.data.array_file import array_file
from core.disk import check_room, refusal, reserve, sentence
from core.errors import CheckpointError

MEGABYTE = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 8 MB, where this machine lets us mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.getuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_room_is_taken_and_what_is_written_stays_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("w+b") as file:
        reserve(file, 3 * MEGABYTE)
        assert path.stat().st_blocks * 512 >= 3 * MEGABYTE  # not a file of holes
        file.write(b"data")
    assert path.stat().st_size == 3 * MEGABYTE
    assert path.read_bytes()[:6] == b"data\0\0"


def test_a_disk_with_too_little_room_refuses_at_once_and_keeps_nothing(small_disk: Path) -> None:
    path = small_disk / "file"
    with path.open("w+b") as file, pytest.raises(OSError, match="No space left") as raised:
        reserve(file, 20 * MEGABYTE)
    assert raised.value.errno == errno.ENOSPC
    assert path.stat().st_size == 0
    assert disk.free_space(small_disk) > 7 * MEGABYTE


@pytest.mark.parametrize("kind", [errno.EOPNOTSUPP, errno.EINVAL, None])
def test_a_file_system_that_cannot_reserve_is_written_to(
    tmp_path: Path, kind: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: int) -> None:
        raise OSError(kind, "not here")

    if kind is None:  # macOS and Windows have no such call
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    else:
        monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    path = tmp_path / "file"
    with path.open("w+b") as file:
        reserve(file, 2 * MEGABYTE + 5)
        assert path.stat().st_size == 2 * MEGABYTE + 5
        assert path.stat().st_blocks * 512 >= 2 * MEGABYTE
        assert file.tell() == 0


def test_where_reserving_by_writing_fails_the_room_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    monkeypatch.setattr(os, "fsync", refuse)
    path = tmp_path / "file"
    with path.open("w+b") as file, pytest.raises(OSError, match="No space left"):
        reserve(file, MEGABYTE)
    assert path.stat().st_size == 0


def test_an_array_is_written_in_parts_and_read_as_a_whole(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 3, 4, 4), dtype=np.uint8)
    with array_file(tmp_path / "images.npy", images.shape) as append:
        append(images[:4])
        append(images[4:])
    assert np.array_equal(np.load(tmp_path / "images.npy", mmap_mode="r"), images)


def test_an_array_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_space", lambda _folder: 100 * MEGABYTE)
    with (
        pytest.raises(OSError, match="128 MB are needed and 100 MB are free"),
        array_file(tmp_path / "images.npy", (64, MEGABYTE)),
    ):
        raise AssertionError("there was no room")
    assert list(tmp_path.iterdir()) == []


def test_an_array_for_which_the_disk_has_no_room_after_all_leaves_nothing(small_disk: Path) -> None:
    with pytest.raises(OSError, match="needed"), array_file(small_disk / "images.npy", (20, MEGABYTE)):
        raise AssertionError("there was no room")
    assert list(small_disk.iterdir()) == []


def test_whatever_goes_wrong_meanwhile_leaves_no_array(tmp_path: Path) -> None:
    def stop_half_way() -> None:
        with array_file(tmp_path / "images.npy", (2, 8)) as append:
            append(np.zeros((1, 8), dtype=np.uint8))
            raise ValueError("a bad image")

    with pytest.raises(ValueError, match="a bad image"):
        stop_half_way()
    assert list(tmp_path.iterdir()) == []


def test_small_files_leave_as_much_as_they_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "free_space", lambda _folder: 10 * MEGABYTE)
    check_room(tmp_path, 5 * MEGABYTE)
    with pytest.raises(OSError, match="12 MB are needed and 10 MB are free"):
        check_room(tmp_path, 6 * MEGABYTE)


@pytest.mark.parametrize(
    ("number", "clause", "advice"),
    [
        (errno.ENOSPC, "the disk is full", "Free some space"),
        (errno.EDQUOT, "the quota on the disk is used up", "Free some space"),
        (errno.EROFS, "the disk is read-only", "set CNN_LAB_HOME"),
        (errno.EACCES, "this user may not write there", "set CNN_LAB_HOME"),
    ],
)
def test_a_refusal_is_a_sentence_that_says_what_to_do(number: int, clause: str, advice: str) -> None:
    error = OSError(number, os.strerror(number))
    assert refusal(error) == clause
    assert sentence("It could not be written", error).startswith(f"It could not be written: {clause}. ")
    assert advice in sentence("It could not be written", error)


def test_a_refusal_is_found_behind_what_it_caused() -> None:
    try:
        try:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        except OSError as error:
            raise CheckpointError("'state' could not be written.") from error
    except CheckpointError as error:
        found = refusal(error)
    assert found == "the disk is read-only"
    assert refusal(OSError(errno.EIO, os.strerror(errno.EIO))) is None
    assert refusal(ValueError("no")) is None


def test_nothing_maps_a_file_that_it_has_not_written() -> None:
    """`open_memmap` for writing, and `np.memmap`, map a file of holes: a full disk then ends the process."""
    core = Path(array_files.__file__).parents[1]
    names = ("open_memmap", "np.memmap", "mmap.mmap", 'mmap_mode="r+"', 'mmap_mode="w+"')
    assert [path.name for path in core.rglob("*.py") for name in names if name in path.read_text("utf-8")] == []
