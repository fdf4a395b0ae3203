"""``python -m core data`` and training on an own set, from a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.command_line.program import main
from core.data.builtin import shapes


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def lines(*words: str) -> list[dict[str, Any]]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Class folders of generated shapes: sixty of three classes, and a file that is no picture."""
    pictures, labels = shapes(120, side=40)
    for place, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        if label < 3:
            file = tmp_path / "shapes" / ("circle", "square", "steam train")[label] / f"{place}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            picture.save(file)
    (tmp_path / "shapes" / "circle" / "notes.txt").write_text("hello")
    return tmp_path / "shapes"


def test_a_folder_is_imported_listed_and_deleted(home: Path, folder: Path) -> None:
    (imported,) = lines("data", "import", str(folder), "--name", "My shapes")
    assert imported["classes"] == {"circle": 20, "square": 20, "steam train": 20}
    assert [each["file"] for each in imported["skipped"]] == ["circle/notes.txt"]
    (listed,) = lines("data", "list")
    assert (listed["dataset"], listed["title"], listed["classes"]) == (
        imported["dataset"],
        "My shapes",
        imported["classes"],
    )
    assert "My shapes: circle 20, square 20, steam train 20" in run("data", "list").stdout
    assert lines("data", "delete", imported["dataset"]) == [{"deleted": imported["dataset"]}]
    assert lines("data", "list") == []
    assert list((home / "sets").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("data", "import", "missing", "--name", "x"), 1, "There is no file or folder 'missing'"),
        (("data", "import"), 2, "Missing argument"),
        (("data", "delete", "mnist"), 2, "'mnist' is no own set"),
        (("data", "delete", "own-aaaaaaaaaa"), 1, "no set of own pictures 'aaaaaaaaaa'"),
        (("train", "--dataset", "own-aaaaaaaaaa", "--model", "lenet"), 2, "There are no own sets in this lab"),
        (("train", "--dataset", "nothing", "--model", "lenet"), 2, "There is no data set 'nothing'; there is mnist"),
    ],
)
def test_what_cannot_be_is_a_sentence(home: Path, words: tuple[str, ...], status: int, sentence: str) -> None:
    result = run(*words)
    assert (result.exit_code, sentence in result.stderr) == (status, True), result.stderr


def test_a_network_learns_from_an_own_set_and_keeps_its_figures_when_pictures_are_added(
    home: Path, folder: Path, tmp_path: Path
) -> None:
    from core.data.own import NewPicture, OwnPictures, open_own_sets
    from core.rights import OPERATOR
    from tests.core.data.own.conftest import picture

    name = lines("data", "import", str(folder), "--name", "My shapes")[0]["dataset"]
    words = ("--model", "simple_nn", "--epochs", "1", "--set", "batch_size=8", "--set", "device=cpu")
    finished = lines("train", "--dataset", name, *words, "--out", str(tmp_path / "out"))[-1]
    assert finished["event"] == "finished"
    card = json.loads((Path(finished["checkpoint"]) / "card.json").read_text())
    assert card["dataset"].startswith(f"{name}@")
    assert card["config"]["dataset"] == card["dataset"]
    before = lines("evaluate", finished["checkpoint"])
    assert before[0]["unseen"]
    sets = open_own_sets()
    own = sets.get(name.removeprefix("own-"))
    pictures = OwnPictures(sets)
    pictures.add(own.id, own.classes[0].id, NewPicture(data=picture(1), file_name="1.jpg"), by=OPERATOR)
    pictures.delete(own.id, [pictures.list(own.id)[3].id], by=OPERATOR)
    assert lines("evaluate", finished["checkpoint"]) == before
    now = lines("evaluate", finished["checkpoint"], "--dataset", name)
    assert not now[0]["unseen"]
    target = str(tmp_path / "out.zip")
    assert lines("data", "export", name, target, "--as", "zip")[0]["networks"] == 1
    (run_id,) = lines("data", "import", target)[0]["runs"]
    (brought,) = lines("evaluate", run_id)
    assert (brought["accuracy"], brought["unseen"]) == (before[0]["accuracy"], True)
    assert lines("compare", finished["checkpoint"], finished["checkpoint"])[0]["difference"] == 0


@pytest.mark.parametrize("form", ["folders", "parquet", "zip"])
def test_what_is_exported_is_imported_again(home: Path, folder: Path, tmp_path: Path, form: str) -> None:
    first = lines("data", "import", str(folder), "--name", "My shapes")[0]
    target = str(tmp_path / ("out.zip" if form == "zip" else "out"))
    (exported,) = lines("data", "export", first["dataset"], target, "--as", form)
    about = {"dataset": first["dataset"], "as": form, "path": target, "pictures": 60}
    assert exported == about | ({"networks": 0} if form == "zip" else {})
    again = lines("data", "import", target)[0]
    assert (again["classes"], again["skipped"]) == (first["classes"], [])
    titles = [own["title"] for own in lines("data", "list")]
    assert titles == ["My shapes" if form == "zip" else "out", "My shapes"]
    result = run("data", "export", first["dataset"], target, "--as", form)
    assert (result.exit_code, "is there already" in result.stderr) == (1, True)
