"""Zips that mean ill, made here and harmless: a sentence each, nothing outside the set's folder, little memory."""

import io
import re
import stat
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.data.own import OwnPictures, OwnSets
from core.data.own.ways_in import archive as zips
from core.data.own.ways_in.found import NotFoundHereError
from core.data.own.ways_in.import_set import Imported, import_set
from tests.core.data.own.conftest import ADA, picture

CAT, DOG = {"cat/1.jpg": picture(1)}, {"dog/1.jpg": picture(2)}


Change = Callable[[bytearray, int], None]


def packed(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def patched(data: bytes, *, local: Change, central: Change) -> bytes:
    """The zip with every local header and every entry of its directory changed."""
    changed = bytearray(data)
    for start, change in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        for found in re.finditer(re.escape(start), data):
            change(changed, found.start())
    return bytes(changed)


@pytest.fixture
def run(pictures: OwnPictures, tmp_path: Path) -> Callable[[bytes], Imported]:
    def import_zip(data: bytes) -> Imported:
        path = tmp_path / "upload.zip"
        path.write_bytes(data)
        return import_set(pictures, path, title="Mine", by=ADA)

    return import_zip


Run = Callable[[bytes], Imported]


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"hello" * 100, picture(1), b"PK\x05\x06" + b"\0" * 17, b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_is_a_sentence(run: Run, sets: OwnSets, data: bytes) -> None:
    with pytest.raises(NotFoundHereError, match=r"not a zip file|more than 20,000 files|no pictures in folders"):
        run(data)
    assert sets.list() == ()


@pytest.mark.parametrize("length", [10, 100, -1, -30, -200])
def test_a_zip_that_is_cut_short_is_a_sentence(run: Run, length: int) -> None:
    with pytest.raises(NotFoundHereError, match="not a zip file, or it is damaged"):
        run(packed(CAT | DOG)[:length])


@pytest.mark.parametrize(
    "name",
    [
        "../../../tmp/x.jpg",
        "/etc/x.jpg",
        "cat/../../x.jpg",
        "..\\..\\x.jpg",
        "C:\\x\\y.jpg",
        "C:/cat/y.jpg",
        "\\\\host\\x.jpg",
    ],
)
def test_a_name_that_leads_out_is_listed_and_nothing_is_written_there(
    run: Run, home: Path, tmp_path: Path, name: str
) -> None:
    before = everything(tmp_path.parent)
    found = run(packed(CAT | DOG | {name: picture(3)}))
    assert [each.error for each in found.skipped] == ["Its name leads out of the zip; it was left where it is."]
    assert found.own.pictures == 2
    allowed = tuple(str(path.relative_to(tmp_path.parent)) for path in (home, tmp_path / "upload.zip"))
    assert [each for each in everything(tmp_path.parent) - before if not each.startswith(allowed)] == []
    assert len(list((home / "sets" / found.own.id).iterdir())) == 2


def test_a_link_is_listed_and_not_followed(run: Run) -> None:
    stream = io.BytesIO(packed(CAT | DOG))
    with zipfile.ZipFile(stream, "a") as archive:
        link = zipfile.ZipInfo("cat/2.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    found = run(stream.getvalue())
    assert [(each.file, each.error.partition(";")[0]) for each in found.skipped] == [
        ("cat/2.jpg", "It is a link, not a picture")
    ]


def test_a_locked_zip_is_a_sentence(run: Run) -> None:
    def lock(data: bytearray, at: int) -> None:
        data[at] |= 1

    locked = patched(packed(CAT | DOG), local=lambda d, at: lock(d, at + 6), central=lambda d, at: lock(d, at + 8))
    with pytest.raises(NotFoundHereError, match="locked with a password; make the zip without one"):
        run(locked)


def test_a_zip_in_the_zip_is_listed(run: Run) -> None:
    found = run(packed(CAT | DOG | {"more.zip": packed(CAT), "cat/more.zip": packed(DOG)}))
    assert {(each.file, each.error.partition(";")[0]) for each in found.skipped} == {
        ("more.zip", "It is a zip inside the zip"),
        ("cat/more.zip", "It is a zip inside the zip"),
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_way_of_packing_is_a_sentence(run: Run, method: int) -> None:
    with pytest.raises(NotFoundHereError, match="packed in a way that the lab does not open"):
        run(packed(CAT | DOG, method=method))


@pytest.mark.parametrize("count", [100_000, 20_001])
def test_a_zip_of_very_many_entries_is_refused_before_they_are_read(run: Run, count: int) -> None:
    """Python's reader alone would take 100 MB for the names of so many."""
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 5, 0) + b"a/1.b"
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"a/1.b"
    some = count & 0xFFFF
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, some, some, len(entry) * count, len(local), 0)
    data = local + entry * count + end
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(NotFoundHereError, match="more than 20,000 files"):
        run(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20
    assert time.process_time() - started < 5


def with_long_numbers(data: bytes, *, record_at: int | None = None) -> bytes:
    """The zip as programs write it that always give their numbers eight bytes (zip64)."""
    at = data.rfind(b"PK\x05\x06")
    count, _all, length, start = struct.unpack_from("<2H2L", data, at + 8)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at if record_at is None else record_at, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *(2 * [0xFFFF]), *(2 * [0xFFFFFFFF]), 0)
    return data[:at] + record + locator + end


def test_a_small_zip_of_long_numbers_is_as_good_as_any(run: Run) -> None:
    assert run(with_long_numbers(packed(CAT | DOG))).own.pictures == 2


def test_what_long_numbers_say_is_held_against_the_zip(run: Run) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"a/1.b"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) * 20_001, 0, 0)
    with pytest.raises(NotFoundHereError, match="more than 20,000 files"):
        run(with_long_numbers(entry * 20_001 + end))
    with pytest.raises(NotFoundHereError, match="not a zip file, or it is damaged"):
        run(with_long_numbers(packed(CAT | DOG), record_at=0))


def test_a_directory_that_says_it_is_short_is_still_counted(run: Run) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"a/1.b"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) * 20_001, 0, 0)
    with pytest.raises(NotFoundHereError, match="more than 20,000 files"):
        run(entry * 20_001 + end)


def test_a_file_that_unpacks_to_more_than_a_photo_is_refused_by_what_it_says(run: Run) -> None:
    found = run(packed(CAT | DOG | {"cat/bomb.jpg": bytes(30 * 2**20)}))
    assert [(each.file, each.error) for each in found.skipped] == [
        ("cat/bomb.jpg", "It has 30 MB; a photo may have at most 25 MB.")
    ]


@pytest.mark.parametrize("claimed", [10, 1_000])
def test_a_file_that_says_it_is_small_is_read_no_further(run: Run, claimed: int) -> None:
    """It says 10 bytes and unpacks to 30 MB: no more than a photo's worth is ever unpacked."""
    data = packed(CAT | DOG | {"cat/bomb.jpg": bytes(30 * 2**20)})
    size = struct.pack("<L", 30 * 2**20)
    assert data.count(size) == 2  # in the local header and in the directory
    tracemalloc.start()
    found = run(data.replace(size, struct.pack("<L", claimed)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [each.file for each in found.skipped] == ["cat/bomb.jpg"]
    assert found.own.pictures == 2
    assert peak < 60 * 2**20


def test_a_file_that_says_it_is_larger_than_it_is_is_a_sentence(run: Run) -> None:
    data = packed(CAT | DOG | {"cat/2.jpg": bytes(1_234_567)})
    size = struct.pack("<L", 1_234_567)
    found = run(data.replace(size, struct.pack("<L", 2_345_678)))
    assert [each.file for each in found.skipped] == ["cat/2.jpg"]


def test_a_whole_zip_unpacks_to_no_more_than_a_set_of_photos(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MOST_UNPACKED", 5 * 2**20)
    files = {f"cat/{number}.jpg": bytes(2**20) + bytes([number]) for number in range(12)}
    found = run(packed({"a/1.jpg": picture(1), "b/1.jpg": picture(2)} | files))
    errors = [each.error.partition(";")[0] for each in found.skipped]
    assert errors.count("What was read of this zip before is more than any set of photos") in (6, 7)  # two at a time


def test_a_damaged_file_is_listed_and_the_others_are_taken(run: Run) -> None:
    data = bytearray(packed(CAT | {"cat/2.jpg": picture(7)} | DOG, method=zipfile.ZIP_STORED))
    data[data.find(picture(7)) + 50] ^= 0xFF  # its checksum is no longer right
    found = run(bytes(data))
    assert [(each.file, each.error.partition(";")[0]) for each in found.skipped] == [
        ("cat/2.jpg", "This file is damaged in the zip")
    ]
    assert found.own.pictures == 2


@pytest.mark.parametrize("name", ["=1+1", "@cmd", "<b>x<b>", "-2+3", "`rm -rf`", "a" * 60, "[x](www.a.b)"])
def test_a_folder_name_is_data_whatever_it_looks_like(run: Run, name: str) -> None:
    found = run(packed({f"{name}/1.jpg": picture(1)} | DOG))
    assert name in [each.name for each in found.own.classes]


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\u202eb", "a" * 255])
def test_a_folder_name_that_cannot_be_is_listed_and_shown_without_its_controls(run: Run, name: str) -> None:
    found = run(packed({f"{name}/1.jpg": picture(1)} | CAT | DOG))
    (skipped,) = found.skipped
    assert skipped.error.startswith("The name of the class")
    assert skipped.file.isprintable()
    assert len(skipped.file) <= 81


def test_two_entries_of_one_name_are_two_pictures(run: Run) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("cat/1.jpg", picture(0))
        archive.writestr("dog/1.jpg", picture(2))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("cat/1.jpg", picture(1))
    assert run(stream.getvalue()).own.pictures == 3
