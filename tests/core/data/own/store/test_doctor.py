"""What the doctor says of own sets."""

from pathlib import Path

from core.data.own import OwnPictures, OwnSets
from core.runs.doctor import examine
from tests.core.data.own.conftest import ADA, new


def said(home: Path, *, repair: bool = True) -> list[tuple[str, str]]:
    found = [each for each in examine(home, repair=repair) if each.check == "own sets"]
    return [(each.verdict, each.message) for each in found]


def test_nothing_is_said_of_a_home_without_sets(home: Path) -> None:
    assert said(home) == []
    assert list(home.iterdir()) == []


def test_a_whole_home_is_fine(sets: OwnSets, pictures: OwnPictures, home: Path) -> None:
    made = sets.create("One", by=ADA, classes=("a",))
    pictures.add(made.id, made.classes[0].id, new(1), by=ADA)
    assert said(home) == [("fine", "Own sets: 1; their file is whole.")]


def test_what_was_left_behind_is_said_and_swept(sets: OwnSets, pictures: OwnPictures, home: Path) -> None:
    made = sets.create("One", by=ADA, classes=("a",))
    pictures.add(made.id, made.classes[0].id, new(1), by=ADA)
    left = home / "sets" / made.id / f"{'0' * 32}.jpg"
    left.write_bytes(b"half")
    assert said(home, repair=False)[1] == ("problem", "Files that were never acknowledged as pictures: 1.")
    assert left.exists()
    assert said(home)[1][0] == "repaired"
    assert not left.exists()
    assert len(said(home)) == 1


def test_a_picture_that_has_lost_its_file_is_a_problem(sets: OwnSets, pictures: OwnPictures, home: Path) -> None:
    made = sets.create("One", by=ADA, classes=("a",))
    picture = pictures.add(made.id, made.classes[0].id, new(1), by=ADA).picture
    (home / "sets" / made.id / f"{picture.id}.jpg").unlink()
    assert said(home)[1][0] == "problem"
    assert f"Pictures of the set own-{made.id} that have lost their files: 1" in said(home)[1][1]


def test_pictures_of_no_set_are_left_and_said(sets: OwnSets, home: Path) -> None:
    """The file of own sets may have been lost, and the pictures are all that is left."""
    sets.create("One", by=ADA)
    orphan = home / "sets" / "aaaaaaaaaa" / "picture.jpg"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"x")
    again = OwnSets(home)
    again.create("Two", by=ADA)
    again.close()
    assert said(home)[1] == (
        "problem",
        "The folder 'sets/aaaaaaaaaa' holds pictures of no set; delete it, or bring the file of own sets back.",
    )
    assert orphan.exists()


def test_a_damaged_file_is_a_problem_and_the_rest_is_looked_over(home: Path) -> None:
    (home / "sets.sqlite3").write_bytes(b"no database" * 1000)
    assert said(home)[0][0] == "problem"
    assert {each.check for each in examine(home)} == {"own sets", "store"}
