"""``python -m core`` as a person or a script calls it: exit statuses, JSON lines.

Every command is called once as a process of its own (`process`), the rest in this one (`core`), which need not start
Python and PyTorch anew.
"""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from core.checkpoints import find
from core.checkpoints.trained import training_folder, trainings
from core.command_line.program import main
from core.judging.evaluation import stored_evaluation

ROOT = Path(__file__).parent.parent

Answer = dict[str, Any]


def core(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    given = [*map(str, arguments)]
    done = CliRunner(catch_exceptions=False).invoke(main, given, env={"CNN_LAB_HOME": str(home)})
    return subprocess.CompletedProcess(given, done.exit_code, done.stdout, done.stderr)


def process(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "CNN_LAB_HOME": str(home)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def lines(result: subprocess.CompletedProcess[str]) -> list[Answer]:
    assert "Traceback" not in result.stderr
    return [json.loads(line, parse_constant=_no_constant) for line in result.stdout.splitlines()]


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def one_sentence(text: str) -> bool:
    return len(text.strip().splitlines()) == 1 and text.strip().endswith(".")


@pytest.fixture(scope="module")
def trained(shared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Answer]]:
    """A network trained by the command itself for two short epochs, and what the command said."""
    out = tmp_path_factory.mktemp("trained")
    result = process(
        *("train", "--dataset", "digits", "--model", "simple_nn", "--recipe", "notebook", "--epochs", 2),
        *("--limit", 300, "--seed", 3, "--out", out, "--json"),
        home=shared_home,
    )
    assert result.returncode == 0, result.stderr
    said = lines(result)
    return Path(said[-1]["checkpoint"]), said


def test_train_says_every_epoch_and_then_where_the_checkpoint_is(trained: tuple[Path, list[Answer]]) -> None:
    checkpoint, said = trained
    epochs = [line for line in said if line["event"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2]
    for line in epochs:
        assert {"train_loss", "val_loss", "val_accuracy", "seconds"} <= set(line)
        assert 0 <= line["val_accuracy"] <= 1
    assert said[-1]["event"] == "finished"
    assert said[-1]["reason"] == "completed"
    assert said[-1]["precision"] == "float32, as it was set"
    assert (checkpoint / "model.safetensors").exists()
    assert (checkpoint / "card.json").exists()


def test_what_was_trained_elsewhere_is_noted_for_the_pages(trained: tuple[Path, list[Answer]]) -> None:
    checkpoint, _said = trained
    assert checkpoint.parent in [training_folder(name) for name in trainings()]


def test_a_folder_with_another_training_is_refused_and_its_verdict_kept(
    trained: tuple[Path, list[Answer]], shared_home: Path
) -> None:
    checkpoint, _said = trained
    before = (checkpoint / "card.json").read_bytes()
    result = core(
        *("train", "--dataset", "digits", "--model", "simple_nn", "--recipe", "notebook", "--epochs", 8),
        *("--limit", 300, "--seed", 3, "--out", checkpoint.parent, "--json"),
        home=shared_home,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "holds another training: epochs 2 instead of 8. Choose another folder" in result.stderr
    assert (checkpoint / "card.json").read_bytes() == before


def test_a_folder_in_which_another_process_trains_is_refused(shared_home: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".training.lock"):
        result = core("train", "--dataset", "digits", "--model", "simple_nn", "--out", tmp_path, home=shared_home)
    assert result.returncode == 1
    assert f"Another process trains in '{tmp_path}'; wait for it" in result.stderr


def test_train_without_json_says_first_what_it_computes_in(shared_home: Path, tmp_path: Path) -> None:
    result = core(
        *("train", "--dataset", "digits", "--model", "simple_nn", "--recipe", "notebook", "--epochs", 1),
        *("--limit", 64, "--set", "precision=bf16", "--out", tmp_path / "out"),
        home=shared_home,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "Computing in bfloat16, as it was set."


@pytest.mark.parametrize("steps", ["[3]", '[{"name": "no-such-step"}]', '[{"size": 3}]', "crop"])
def test_an_augmentation_that_is_none_is_bad_usage_with_a_sentence(steps: str, shared_home: Path) -> None:
    result = core(
        *("train", "--dataset", "digits", "--model", "lenet", "--set", f"augmentation={steps}", "--json"),
        home=shared_home,
    )
    assert result.returncode == 2
    assert one_sentence(result.stderr), result.stderr


def test_train_takes_an_augmentation_as_json(shared_home: Path, tmp_path: Path) -> None:
    steps = [{"name": "crop", "settings": {"padding": 1}}, {"name": "erasing", "probability": 0.5}]
    result = core(
        *("train", "--dataset", "digits", "--model", "simple_nn", "--recipe", "notebook", "--epochs", 1),
        *("--limit", 64, "--set", f"augmentation={json.dumps(steps)}", "--out", tmp_path / "out", "--json"),
        home=shared_home,
    )
    card = json.loads((Path(lines(result)[-1]["checkpoint"]) / "card.json").read_text())
    assert card["config"]["augmentation"] == [
        {"name": "crop", "probability": 1.0, "settings": {"padding": 1}},
        {"name": "erasing", "probability": 0.5, "settings": {}},
    ]


def test_the_same_seed_trains_the_same_network(
    trained: tuple[Path, list[Answer]], shared_home: Path, tmp_path: Path
) -> None:
    result = core(
        *("train", "--dataset", "digits", "--model", "simple_nn", "--recipe", "notebook", "--epochs", 2),
        *("--limit", 300, "--seed", 3, "--out", tmp_path / "again", "--json"),
        home=shared_home,
    )
    again = Path(lines(result)[-1]["checkpoint"])
    assert (again / "model.safetensors").read_bytes() == (trained[0] / "model.safetensors").read_bytes()


def test_evaluate_gives_accuracy_interval_and_n(trained: tuple[Path, list[Answer]], shared_home: Path) -> None:
    result = process("evaluate", trained[0], "--json", home=shared_home)
    assert result.returncode == 0, result.stderr
    [answer] = lines(result)
    low, high = answer["ci95"]
    assert 0 <= low < answer["accuracy"] < high <= 1
    assert answer["n"] == 367  # the last three of fourteen hands
    assert answer["loss"] > 0
    assert answer["unseen"] is True


def test_export_writes_a_new_file_and_says_which(
    trained: tuple[Path, list[Answer]], shared_home: Path, tmp_path: Path
) -> None:
    command = ("export", trained[0], "--as", "safetensors", "--out", tmp_path / "net.safetensors", "--json")
    (said,) = lines(process(*command, home=shared_home))
    assert said["bytes"] == (tmp_path / "net.safetensors").stat().st_size
    assert said["code"] == str(tmp_path / "net.py")
    again = core(*command, home=shared_home)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert one_sentence(again.stderr)


def test_a_report_on_photos_holds_a_sentence_for_what_is_none(
    trained: tuple[Path, list[Answer]], shared_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "letter.jpg").write_text("A letter.")
    command = ("export", trained[0], "--as", "report", "--photo", tmp_path / "letter.jpg", "--json")
    (said,) = lines(core(*command, "--out", tmp_path / "report.html", home=shared_home))
    assert "letter.jpg: This is not a picture" in Path(said["file"]).read_text(encoding="utf-8")


def test_compare_judges_both_on_the_same_images(trained: tuple[Path, list[Answer]], shared_home: Path) -> None:
    result = process("compare", trained[0], trained[0], "--json", home=shared_home)
    assert result.returncode == 0, result.stderr
    [answer] = lines(result)
    assert {"a", "b", "difference", "ci95", "p_value"} <= set(answer)
    assert answer["difference"] == 0
    assert answer["p_value"] == 1
    assert answer["a"]["n"] == answer["b"]["n"] == 367


def test_the_pair_that_compare_opens_on_needs_neither_data_nor_network(shared_home: Path) -> None:
    pair = ("cats_vs_dogs-efficientnet_lite0", "cats_vs_dogs-strided_cnn")
    [answer] = lines(core("compare", *pair, "--json", home=shared_home))
    stored = [stored_evaluation(find(name)) for name in pair]
    assert [answer[side]["accuracy"] for side in "ab"] == [one.accuracy for one in stored if one is not None]
    assert answer["ci95"][0] > 0, "transfer wins"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photos() -> dict[str, tuple[bytes, bool]]:
    """File name → (content, whether it is a picture that can be classified)."""
    grey = np.linspace(0, 255, 64 * 48).reshape(48, 64)
    colour = Image.fromarray(np.stack([grey, grey[::-1], grey[:, ::-1]], axis=-1).astype(np.uint8))
    palette = colour.quantize(16)
    frames = [Image.new("RGB", (40, 30), shade) for shade in ("red", "green", "blue")]
    return {
        "good.jpg": (encoded(colour, "JPEG"), True),
        "empty.jpg": (b"", False),
        "text.jpg": (b"This is a letter, not a photo.\n", False),
        "truncated.jpg": (encoded(colour.resize((640, 480)), "JPEG")[:2000], False),
        "huge.png": (encoded(Image.new("1", (20_000, 20_000)), "PNG", compress_level=1), False),
        "cmyk.jpg": (encoded(colour.convert("CMYK"), "JPEG"), True),
        "sixteen_bit.png": (encoded(Image.fromarray((grey * 257).astype(np.uint16)), "PNG"), True),
        "animated.gif": (encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100), True),
        "palette.png": (encoded(palette, "PNG", transparency=3), True),
    }


@pytest.fixture(scope="module")
def answers(
    trained: tuple[Path, list[Answer]], shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], dict[str, Answer]]:
    """One call over all photos, and its answers by file name."""
    folder = tmp_path_factory.mktemp("photos")
    for name, (content, _) in photos().items():
        (folder / name).write_bytes(content)
    asked = [folder / name for name in photos()] + [folder / "missing.jpg"]
    result = process("classify", trained[0], *asked, "--json", home=shared_home)
    said = lines(result)
    assert [Path(line["photo"]).name for line in said] == [path.name for path in asked]
    return result, {Path(line["photo"]).name: line for line in said}


@pytest.mark.parametrize("name", [name for name, (_, good) in photos().items() if good])
def test_classify_answers_for_a_picture(
    answers: tuple[subprocess.CompletedProcess[str], dict[str, Answer]], name: str
) -> None:
    answer = answers[1][name]
    assert answer["error"] is None
    probabilities = [entry["probability"] for entry in answer["top"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1 + 1e-5  # float32 softmax
    assert all(isinstance(entry["label"], str) for entry in answer["top"])


@pytest.mark.parametrize("name", [*(name for name, (_, good) in photos().items() if not good), "missing.jpg"])
def test_classify_has_a_sentence_for_what_is_no_picture(
    answers: tuple[subprocess.CompletedProcess[str], dict[str, Answer]], name: str
) -> None:
    answer = answers[1][name]
    assert one_sentence(answer["error"])
    assert answer["top"] == []


def test_handwriting_is_made_as_the_networks_data_was_unless_it_is_to_be_left(
    shared_home: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "one.png"
    sheet = Image.new("L", (200, 200), "white")
    sheet.paste(0, (150, 20, 162, 120))
    sheet.save(photo)
    made, left = (
        lines(core("classify", "mnist-strided_cnn", photo, "--json", *option, home=shared_home))[0]
        for option in ((), ("--as-it-is",))
    )
    assert made["top"][0]["label"] == "1"
    assert made["notes"][0] == "inverted, to bright on black"
    assert left["top"][0]["label"] != "1"
    assert left["notes"] == ["made smaller, from 200×200 to 28×28 px"]
    assert made["faults"] == []
    assert left["faults"][0] == "Inverted: it is dark on light, and the network knows bright on black."
    assert set(made["world"]) == {"score", "stranger_than", "foreign"}
    assert 0 <= made["world"]["stranger_than"] < left["world"]["stranger_than"] <= 1


def test_classify_fails_as_a_whole_where_a_photo_failed(
    answers: tuple[subprocess.CompletedProcess[str], dict[str, Answer]],
) -> None:
    result, _ = answers
    assert result.returncode == 1
    assert one_sentence(result.stderr)


def test_classify_succeeds_where_every_photo_did(
    trained: tuple[Path, list[Answer]], shared_home: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "good.jpg"
    photo.write_bytes(photos()["good.jpg"][0])
    result = core("classify", trained[0], photo, home=shared_home)
    assert result.returncode == 0, result.stderr
    assert "good.jpg" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("train", "--dataset", "digits"),
        ("train", "--dataset", "digits", "--model", "lenet", "--epochs", "many"),
        ("classify",),
    ],
)
def test_bad_usage_has_status_2(arguments: tuple[str, ...], home: Path) -> None:
    result = core(*arguments, home=home)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "no-such-checkpoint"),
        ("classify", "no-such-checkpoint", "photo.jpg"),
        ("runs", "show", "no-such-run"),
    ],
)
def test_a_failure_has_status_1_and_one_sentence(arguments: tuple[str, ...], home: Path) -> None:
    result = core(*arguments, home=home)
    assert result.returncode == 1
    assert one_sentence(result.stderr), result.stderr
    assert result.stdout == ""


def test_a_data_set_that_cannot_be_had_is_a_sentence(home: Path) -> None:
    result = core("train", "--dataset", "mnist", "--model", "simple_nn", "--out", home / "out", home=home)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "CNN_LAB_DATA" in result.stderr


def test_ctrl_c_saves_and_the_same_command_goes_on(home: Path) -> None:
    command = (
        "train",
        "--dataset",
        "digits",
        "--model",
        "enhanced_cnn",
        "--epochs",
        "200",
        "--out",
        home / "out",
        "--json",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *map(str, command)],
        cwd=ROOT,
        env=os.environ | {"CNN_LAB_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["epoch"] == 1
    process.send_signal(signal.SIGINT)
    _output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped and saved; the same command with --out" in errors
    assert "Traceback" not in errors
    assert list((home / "out").glob("state-*"))
