import pytest

from core.data.own.ways_in.class_tree import sorted_into_classes
from core.data.own.ways_in.found import NotFoundHereError


def classes(*paths: str) -> dict[str, list[str]]:
    """Classes in order, and the files of each, of these paths."""
    found = sorted_into_classes([tuple(path.split("/")) for path in paths])
    return {name: [paths[place] for place, of in found.files if of == name] for name in found.classes}


def test_a_class_is_the_folder_that_a_picture_lies_in() -> None:
    assert classes("dog/1.jpg", "cat/1.jpg", "cat/2.jpg") == {"cat": ["cat/1.jpg", "cat/2.jpg"], "dog": ["dog/1.jpg"]}


@pytest.mark.parametrize("name", ["steam train", "train", "test", "dev", "eval", "validation", "trainers", "testing"])
def test_a_class_may_have_a_name_of_splits(name: str) -> None:
    """datasets 5.2.0 takes "steam train" for a split and silently drops every other class."""
    assert set(classes(f"{name}/1.jpg", "tram/1.jpg", "bus/1.jpg")) == {name, "tram", "bus"}


def test_dev_beside_eval_are_two_classes_where_they_hold_pictures() -> None:
    """datasets 5.2.0 gives them labels that are None."""
    assert classes("dev/1.jpg", "eval/1.jpg") == {"dev": ["dev/1.jpg"], "eval": ["eval/1.jpg"]}


def test_dev_and_eval_above_the_classes_are_splits_and_their_pictures_come_together() -> None:
    found = classes("train/cat/1.jpg", "train/dog/1.jpg", "dev/cat/2.jpg", "eval/dog/2.jpg")
    assert found == {"cat": ["train/cat/1.jpg", "dev/cat/2.jpg"], "dog": ["train/dog/1.jpg", "eval/dog/2.jpg"]}


def test_pictures_to_be_told_beside_the_classes_to_learn_from_are_of_no_class() -> None:
    found = sorted_into_classes([("train", "cat", "1.jpg"), ("train", "dog", "2.jpg"), ("test", "3.jpg")])
    assert (found.classes, found.files) == (("cat", "dog"), ((0, "cat"), (1, "dog")))
    assert [(each.file, each.error.partition(";")[0]) for each in found.skipped] == [
        ("3.jpg", "It lies beside the class folders, not in one")
    ]


def test_a_stray_picture_above_the_classes_of_one_split_does_not_make_classes_of_splits() -> None:
    assert set(classes("train/cat/1.jpg", "train/2.jpg", "test/cat/3.jpg", "test/dog/4.jpg")) == {"cat", "dog"}


@pytest.mark.parametrize("above", ["mugs", "my photos/2026/mugs", "train", "mugs/train", "train/images", "test"])
def test_folders_above_the_classes_do_not_matter(above: str) -> None:
    assert set(classes(f"{above}/cat/1.jpg", f"{above}/dog/1.jpg")) == {"cat", "dog"}


def test_folders_inside_a_class_do_not_matter() -> None:
    """datasets 5.2.0 drops every label where one picture lies a level deeper than another."""
    assert set(classes("cat/indoors/1.jpg", "cat/2.jpg", "dog/a/b/c/1.jpg")) == {"cat", "dog"}


def test_one_class_alone_is_a_class() -> None:
    assert set(classes("cat/1.jpg", "cat/more/2.jpg")) == {"cat"}
    assert set(classes("photos/cat/1.jpg")) == {"cat"}


@pytest.mark.parametrize(
    "junk", ["__MACOSX/cat/._1.jpg", "cat/.DS_Store", "cat/Thumbs.db", "cat/desktop.ini", ".a/1.jpg"]
)
def test_what_the_system_keeps_for_itself_is_passed_over_without_a_word(junk: str) -> None:
    found = sorted_into_classes([tuple(path.split("/")) for path in ("cat/1.jpg", "dog/1.jpg", junk)])
    assert (found.classes, len(found.files), found.skipped) == (("cat", "dog"), 2, ())


def test_what_lies_beside_the_classes_is_listed() -> None:
    found = sorted_into_classes([("README.txt",), ("cat", "1.jpg"), ("dog", "1.jpg")])
    assert [(each.file, each.error.partition(";")[0]) for each in found.skipped] == [
        ("README.txt", "It lies beside the class folders, not in one")
    ]


def test_a_file_beside_a_folder_that_holds_everything_does_not_make_it_a_class() -> None:
    assert set(classes("set/README.txt", "set/cat/1.jpg", "set/dog/1.jpg")) == {"cat", "dog"}


def test_classes_and_files_are_in_the_order_in_which_people_count() -> None:
    found = classes("class 10/1.jpg", "class 2/10.jpg", "class 2/9.jpg", "Class 1/1.jpg")
    assert list(found) == ["Class 1", "class 2", "class 10"]
    assert found["class 2"] == ["class 2/9.jpg", "class 2/10.jpg"]


def test_folders_that_are_one_name_to_people_become_one_class_and_that_is_said() -> None:
    found = sorted_into_classes([("train", "cat", "1.jpg"), ("test", "Cat ", "2.jpg"), ("test", "dog", "3.jpg")])
    assert (found.classes, len(found.files)) == (("cat", "dog"), 3)
    assert [each.error for each in found.skipped] == ["Its name and 'cat' are one to people; its pictures went there."]


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\u202eb", "x" * 61, "\u200b"])
def test_a_folder_that_cannot_be_a_class_is_listed_once_and_the_others_are_taken(name: str) -> None:
    found = sorted_into_classes([(name, "1.jpg"), (name, "2.jpg"), ("cat", "1.jpg"), ("dog", "1.jpg")])
    assert (found.classes, len(found.files), len(found.skipped)) == (("cat", "dog"), 2, 1)


@pytest.mark.parametrize("paths", [(), ("1.jpg", "2.jpg"), ("cat/notes.txt",), ("__MACOSX/cat/1.jpg",)])
def test_where_there_are_no_class_folders_the_sentence_says_what_to_do(paths: tuple[str, ...]) -> None:
    with pytest.raises(NotFoundHereError, match="Make a folder for each class"):
        classes(*paths)
