import io
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.data.own import LIMITS, Joining, NewPicture, OwnPictures, OwnSet, OwnSetError, OwnSets
from core.data.own.versions import Versions
from core.errors import PhotoError
from core.rights import RightsError
from tests.core.data.own.conftest import ADA, BEN, OPERATOR, new, picture


@pytest.fixture
def made(sets: OwnSets) -> OwnSet:
    return sets.create("One", by=ADA, classes=("a", "b"))


def on_disk(sets: OwnSets, made: OwnSet) -> list[str]:
    folder = sets.home / "sets" / made.id
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_picture_is_added_with_all_that_is_known_of_it(pictures: OwnPictures, made: OwnSet) -> None:
    added = pictures.add(
        made.id,
        made.classes[0].id,
        NewPicture(data=picture(), file_name="C:\\x\\my mug.jpg", contributor=" Ada ", burst="1"),
        by=ADA,
    )
    (kept,) = pictures.list(made.id)
    assert added.new
    assert added.picture == kept
    assert (kept.class_id, kept.file_name, kept.contributor, kept.burst, kept.sender) == (
        made.classes[0].id,
        "my mug.jpg",
        "Ada",
        "1",
        ADA.owner,
    )
    assert (kept.width, kept.height) == (90, 70)
    with Image.open(io.BytesIO(pictures.read(made.id, kept.id))) as image:
        assert (image.format, image.size, image.getexif()) == ("JPEG", (90, 70), {})


def test_counts_and_bytes_are_those_of_the_files(sets: OwnSets, pictures: OwnPictures, made: OwnSet) -> None:
    for seed in range(3):
        pictures.add(made.id, made.classes[seed % 2].id, new(seed), by=ADA)
    found = sets.get(made.id)
    assert [each.pictures for each in found.classes] == [2, 1]
    files = [file.stat().st_size for file in (sets.home / "sets" / made.id).iterdir()]
    assert found.pictures == len(files) == 3
    assert found.bytes == sum(files)


def test_the_same_picture_is_not_added_twice_and_that_is_said(pictures: OwnPictures, made: OwnSet) -> None:
    first = pictures.add(made.id, made.classes[0].id, new(1), by=ADA)
    again = pictures.add(made.id, made.classes[1].id, replace(new(1), file_name="other.jpg"), by=ADA)
    assert not again.new
    assert again.picture == first.picture
    assert again.sentence == "This picture is in the class 'a' already; it was not added again."
    assert len(pictures.list(made.id)) == 1


def test_the_same_picture_may_be_in_two_sets(sets: OwnSets, pictures: OwnPictures, made: OwnSet) -> None:
    other = sets.create("Two", by=BEN, classes=("a",))
    ids = {pictures.add(each.id, each.classes[0].id, new(1), by=OPERATOR).picture.id for each in (made, other)}
    assert len(ids) == 1
    sets.delete(other.id, by=BEN)
    assert pictures.read(made.id, ids.pop())


def test_what_is_no_picture_has_the_doors_sentence_and_leaves_nothing(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    with pytest.raises(PhotoError, match="not a picture"):
        pictures.add(made.id, made.classes[0].id, NewPicture(data=b"hello", file_name="x.jpg"), by=ADA)
    assert (pictures.list(made.id), on_disk(sets, made)) == ((), [])


def test_pictures_are_listed_a_page_at_a_time_in_the_order_they_came(pictures: OwnPictures, made: OwnSet) -> None:
    ids = [pictures.add(made.id, made.classes[seed % 2].id, new(seed), by=ADA).picture.id for seed in range(6)]
    assert [each.id for each in pictures.list(made.id)] == ids
    assert [each.id for each in pictures.list(made.id, made.classes[0].id)] == ids[::2]
    assert [each.id for each in pictures.list(made.id, after=2, at_most=3)] == ids[2:5]
    assert list(pictures.looks(made.id)) == ids
    assert {len(look) for look in pictures.looks(made.id).values()} == {32 * 32 * 3}


def test_pictures_are_moved_and_deleted_with_their_files(sets: OwnSets, pictures: OwnPictures, made: OwnSet) -> None:
    ids = [pictures.add(made.id, made.classes[0].id, new(seed), by=ADA).picture.id for seed in range(4)]
    assert pictures.move(made.id, [*ids[:2], "gone"], to=made.classes[1].id, by=ADA) == 2
    assert [each.pictures for each in sets.get(made.id).classes] == [2, 2]
    assert pictures.delete(made.id, [*ids[1:3], "gone"], by=ADA) == 2
    assert [each.id for each in pictures.list(made.id)] == [ids[0], ids[3]]
    assert on_disk(sets, made) == sorted(f"{each}.jpg" for each in (ids[0], ids[3]))
    with pytest.raises(OwnSetError, match="no longer there"):
        pictures.read(made.id, ids[1])


def test_a_deleted_picture_may_be_added_again(pictures: OwnPictures, made: OwnSet) -> None:
    first = pictures.add(made.id, made.classes[0].id, new(1), by=ADA).picture.id
    pictures.delete(made.id, [first], by=ADA)
    assert pictures.add(made.id, made.classes[1].id, new(1), by=ADA).new
    assert pictures.read(made.id, first)


def test_deleting_a_set_removes_every_file_and_what_was_decoded(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    pictures.add(made.id, made.classes[0].id, new(), by=ADA)
    decoded, other = (sets.home / "prepared" / f"own-{name}@12-64-x" for name in (made.id, "bbbbbbbbbb"))
    for folder in (decoded, other):
        folder.mkdir(parents=True)
    sets.delete(made.id, by=ADA)
    assert list((sets.home / "sets").iterdir()) == []
    assert list((sets.home / "prepared").iterdir()) == [other]


def test_only_owner_operator_and_who_knows_the_open_code_may_add(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet
) -> None:
    joining, a = Joining(sets), made.classes[0].id
    with pytest.raises(RightsError, match="only its owner"):
        pictures.add(made.id, a, new(1), by=BEN)
    code = joining.open(made.id, by=ADA)
    assert pictures.add(made.id, a, new(1), by=BEN, code=code).new
    joining.rotate(made.id, by=ADA)
    with pytest.raises(RightsError, match="code is not open any more"):
        pictures.add(made.id, a, new(2), by=BEN, code=code)
    joining.close(made.id, by=ADA)
    with pytest.raises(RightsError, match="code is not open any more"):
        pictures.add(made.id, a, new(2), by=BEN, code=code)
    assert pictures.add(made.id, a, new(3), by=OPERATOR).new
    assert len(on_disk(sets, made)) == len(pictures.list(made.id)) == 2


def test_who_sent_a_picture_may_delete_it_and_nobody_elses(sets: OwnSets, pictures: OwnPictures, made: OwnSet) -> None:
    a, code = made.classes[0].id, Joining(sets).open(made.id, by=ADA)
    his = pictures.add(made.id, a, new(1), by=BEN, code=code).picture.id
    hers = pictures.add(made.id, a, new(2), by=ADA).picture.id
    with pytest.raises(RightsError):
        pictures.delete(made.id, [his, hers], by=BEN)
    with pytest.raises(RightsError):
        pictures.move(made.id, [his], to=made.classes[1].id, by=BEN)
    assert pictures.delete(made.id, [his], by=BEN) == 1


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("pictures_a_class", "This class may have 2 pictures"),
        ("pictures_a_set", "This set may have 2 pictures"),
        ("pictures_an_owner", "The owner of this set may have 2 pictures"),
    ],
)
def test_pictures_are_limited_and_the_one_too_many_leaves_nothing(home: Path, limit: str, sentence: str) -> None:
    sets = OwnSets(home, limits=replace(LIMITS, **{limit: 2}))
    pictures, made = OwnPictures(sets), sets.create("One", by=ADA, classes=("a", "b"))
    a, b = (each.id for each in made.classes)
    pictures.add(made.id, a, new(1), by=ADA)
    pictures.add(made.id, a if limit == "pictures_a_class" else b, new(2), by=ADA)
    with pytest.raises(OwnSetError, match=sentence):
        pictures.add(made.id, a, new(3), by=ADA)
    assert len(on_disk(sets, made)) == len(pictures.list(made.id)) == 2
    assert not pictures.add(made.id, a, new(1), by=ADA).new  # what is there already is no picture more
    sets.close()


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("bytes_a_class", "This class may take 0 MB"),
        ("bytes_a_set", "This set may take 0 MB"),
        ("bytes_an_owner", "The owner of this set may take 0 MB"),
    ],
)
def test_bytes_are_limited(home: Path, limit: str, sentence: str) -> None:
    sets = OwnSets(home, limits=replace(LIMITS, **{limit: 10_000}))
    pictures, made = OwnPictures(sets), sets.create("One", by=ADA, classes=("a",))
    refused = []
    for seed in range(9):
        try:
            pictures.add(made.id, made.classes[0].id, new(seed), by=ADA)
        except OwnSetError as error:
            refused.append(str(error))
    assert 0 < len(refused) < 9
    assert all(each.startswith(sentence) for each in refused)
    assert sum(file.stat().st_size for file in (home / "sets" / made.id).iterdir()) <= 10_000
    sets.close()


def test_a_move_or_merge_into_a_full_class_is_refused(home: Path) -> None:
    sets = OwnSets(home, limits=replace(LIMITS, pictures_a_class=1))
    pictures, made = OwnPictures(sets), sets.create("One", by=ADA, classes=("a", "b"))
    a, b = (each.id for each in made.classes)
    first = pictures.add(made.id, a, new(1), by=ADA).picture.id
    pictures.add(made.id, b, new(2), by=ADA)
    with pytest.raises(OwnSetError, match="may have 1 picture,"):
        pictures.move(made.id, [first], to=b, by=ADA)
    with pytest.raises(OwnSetError, match="may have 1 picture,"):
        sets.merge_class(made.id, a, into=b, by=ADA)
    assert [each.pictures for each in sets.get(made.id).classes] == [1, 1]
    sets.close()


def test_a_disk_that_refuses_keeps_neither_file_nor_row(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path, _files: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.data.own.store.files.write_files", refuse)
    with pytest.raises(OwnSetError, match="could not be kept: the disk is full"):
        pictures.add(made.id, made.classes[0].id, new(), by=ADA)
    assert (pictures.list(made.id), on_disk(sets, made)) == ((), [])


def test_what_killed_processes_left_is_swept_before_the_first_change(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet, home: Path
) -> None:
    kept = pictures.add(made.id, made.classes[0].id, new(1), by=ADA).picture
    folder = home / "sets" / made.id
    (folder / f".{'0' * 32}.jpg.1.0badf00d").write_bytes(b"half")  # killed while it wrote
    (folder / f"{'0' * 32}.jpg").write_bytes(b"whole")  # killed before its row was written
    (home / "sets" / "aaaaaaaaaa").mkdir()  # killed while it deleted
    again = OwnSets(home)
    again.rename(made.id, "Two", by=ADA)
    again.close()
    assert [path.name for path in (home / "sets").iterdir()] == [made.id]
    assert on_disk(sets, made) == [f"{kept.id}.jpg"]


def test_a_set_whose_deletion_was_killed_halfway_is_gone_with_the_next_change(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures.add(made.id, made.classes[0].id, new(1), by=ADA)
    with monkeypatch.context() as killed:
        killed.setattr("core.data.own.store.files.clear_sets", lambda *_: [])
        sets.delete(made.id, by=ADA)
    assert (home / "sets" / made.id).exists()
    again = OwnSets(home)
    again.create("Two", by=ADA)
    again.close()
    assert not (home / "sets" / made.id).exists()


def test_what_is_deleted_is_gone_from_what_was_decoded_as_well(
    sets: OwnSets, pictures: OwnPictures, made: OwnSet, home: Path
) -> None:
    first = pictures.add(made.id, made.classes[0].id, new(1), by=ADA).picture.id
    (home / "prepared" / f"own-{made.id}@12-64-x").mkdir(parents=True)
    pictures.delete(made.id, [first], by=ADA)
    assert list((home / "prepared").iterdir()) == []


def test_many_threads_add_at_once_and_nothing_is_lost_or_twice(sets: OwnSets, made: OwnSet) -> None:
    """Eight phones send the same ten pictures at the same time."""
    pictures, outcomes, failures = OwnPictures(sets), [], []

    def send(phone: int) -> None:
        for seed in range(10):
            try:
                outcomes.append(pictures.add(made.id, made.classes[phone % 2].id, new(seed), by=ADA).new)
            except Exception as error:  # any at all is a failure of this test
                failures.append(error)

    threads = [threading.Thread(target=send, args=(phone,)) for phone in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (len(outcomes), sum(outcomes)) == (80, 10)
    assert sets.get(made.id).pictures == len(on_disk(sets, made)) == 10


_SENDER = """
import sys
from pathlib import Path
from core.data.own import OwnPictures, OwnSets
from core.rights import OPERATOR
from tests.core.data.own.conftest import new

home, set_id, class_id, start = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
pictures = OwnPictures(OwnSets(home))
for seed in range(start, start + 1000):
    print(pictures.add(set_id, class_id, new(seed), by=OPERATOR).picture.id, flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_loses_nothing_that_it_acknowledged(sets: OwnSets, made: OwnSet, home: Path) -> None:
    """Ten processes are killed, each after some acknowledgements and in the middle of whatever comes next."""
    acknowledged: set[str] = set()
    for turn in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", _SENDER, str(home), made.id, str(made.classes[0].id), str(turn * 1000)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[5],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[5])},
        )
        assert process.stdout is not None
        for _answer in range(1 + turn):
            acknowledged.add(process.stdout.readline().strip())
        process.kill()
        acknowledged |= {line for line in process.stdout.read().split("\n") if len(line) == 32}
        process.wait()
        process.stdout.close()
    fresh = OwnSets(home)
    pictures = OwnPictures(fresh)
    fresh.rename(made.id, "After", by=ADA)
    there = {each.id for each in pictures.list(made.id)}
    assert len(acknowledged) >= 55
    assert acknowledged <= there
    assert on_disk(fresh, made) == sorted(f"{each}.jpg" for each in there)
    for each in there:
        with Image.open(io.BytesIO(pictures.read(made.id, each))) as image:
            image.load()
    fresh.close()


_SERVER = """
import sys
from pathlib import Path
from core.data.own import OwnPictures, OwnSets
from core.rights import OPERATOR
from tests.core.data.own.conftest import new

pictures = OwnPictures(OwnSets(Path(sys.argv[1])))
for line in sys.stdin:
    pictures.add(sys.argv[2], int(sys.argv[3]), new(int(line), burst="one"), by=OPERATOR)
    print(line.strip(), flush=True)
"""


@pytest.mark.slow
def test_a_burst_goes_on_where_a_killed_server_has_left_it(sets: OwnSets, made: OwnSet, home: Path) -> None:
    """The browser sends a photo again until it is answered, and takes the next one then: the server is killed with a
    photo that it may not have read, may have kept without having said so, or has answered unheard."""

    def server() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(home), made.id, str(made.classes[0].id)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[5],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[5])},
        )

    killed_with = {2: 0.0, 5: 0.3}  # photo: seconds after it was sent
    process = server()
    for shot in range(8):
        assert process.stdin is not None
        assert process.stdout is not None
        print(shot, file=process.stdin, flush=True)
        if shot in killed_with:
            time.sleep(killed_with[shot])
            process.kill()
            process.communicate()
            process = server()
            assert process.stdin is not None
            assert process.stdout is not None
            print(shot, file=process.stdin, flush=True)
        assert process.stdout.readline() == f"{shot}\n"
    process.communicate()
    kept = OwnPictures(sets).list(made.id)
    assert [each.burst for each in kept] == ["one"] * 8, "none is lost, and none is there twice"
    assert len(on_disk(sets, made)) == 8
    assert {each.group for each in Versions(sets).get(made.id).pictures} == {0}


def test_adding_moving_merging_and_deleting_at_once_leaves_rows_and_files_in_step(sets: OwnSets, home: Path) -> None:
    """Phones send while the teacher tidies up: whatever is refused is a sentence, and what is left fits together."""
    made = sets.create("One", by=ADA, classes=tuple("abcdef"))
    pictures, unexpected = OwnPictures(sets), []

    def phone(number: int) -> None:
        for seed in range(12):
            open_classes = sets.get(made.id).classes
            try:
                pictures.add(made.id, open_classes[seed % len(open_classes)].id, new(seed + 8 * number), by=ADA)
            except OwnSetError:
                pass  # the class is gone
            except Exception as error:  # any other is a failure of this test
                unexpected.append(error)

    def teacher() -> None:
        for turn in range(24):
            try:
                classes, there = sets.get(made.id).classes, [each.id for each in pictures.list(made.id)]
                if turn % 6 == 5 and len(classes) > 2:
                    sets.merge_class(made.id, classes[0].id, into=classes[1].id, by=ADA)
                elif turn % 3 == 1:
                    pictures.delete(made.id, there[:2], by=ADA)
                else:
                    pictures.move(made.id, there[-3:], to=classes[turn % len(classes)].id, by=ADA)
                Versions(sets).get(made.id)
            except OwnSetError:
                pass
            except Exception as error:
                unexpected.append(error)

    threads = [threading.Thread(target=phone, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=teacher))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unexpected == []
    there = pictures.list(made.id)
    assert on_disk(sets, made) == sorted(f"{each.id}.jpg" for each in there)
    found = sets.get(made.id)
    assert found.pictures == len(there)
    assert {each.class_id for each in there} <= {each.id for each in found.classes}
