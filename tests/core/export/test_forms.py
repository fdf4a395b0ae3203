"""What is taken home, opened by what is not ours: safetensors, huggingface_hub, csv, onnxruntime, a bare Python."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import torch
from PIL import Image

from core.checkpoints import Checkpoint, find
from core.checkpoints.backbones import load_network
from core.command_line.export import FORMS as NAMED
from core.export.curves import curves_csv, curves_json
from core.export.forms import FORMS, whole_folder
from core.export.model_card import model_card
from core.export.onnx_file import WHAT_TO_INSTALL, onnx_file
from core.export.spreadsheet import safe_cell
from core.export.weights import loading_code, weights_file
from core.intervals import percent
from core.judging.classification import received, scores
from core.photos.door import open_photo
from tests.cards import card
from tests.core.export.conftest import CLASSES, HOSTILE
from tests.pages.networks import ship

# Answers for a picture, in a process that finds nothing of the lab.
ALONE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import network, torch
from PIL import Image
images = network.as_input(Image.open(sys.argv[2])).unsqueeze(0)
trained = network.load()
with torch.inference_mode():
    logits = trained(images)[0].tolist()
print(json.dumps([logits, network.answer(trained, Image.open(sys.argv[2])), list(network.CLASSES), network.TITLE]))
try:
    import core
    print("the lab is here")
except ImportError:
    pass
"""


def picture() -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def alone(folder: Path, checkpoint: Checkpoint) -> list[object]:
    (folder / "picture.png").write_bytes(picture())
    with zipfile.ZipFile(io.BytesIO(whole_folder(checkpoint))) as files:
        files.extractall(folder)
    result = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", ALONE, str(folder), str(folder / "picture.png")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    (answer,) = result.stdout.splitlines()
    found: list[object] = json.loads(answer)
    return found


def test_a_network_answers_without_the_lab_as_it_does_in_it(tmp_path: Path) -> None:
    checkpoint = find("cats_vs_dogs-efficientnet_lite0")  # its backbone is no part of its own file
    logits, answer, classes, title = alone(tmp_path, checkpoint)
    given = received(checkpoint, open_photo(picture()), as_it_is=True)
    assert logits == pytest.approx(scores(checkpoint, given), abs=1e-4)  # v2 divides by 255 in another order
    assert isinstance(answer, dict)
    assert sum(answer.values()) == pytest.approx(1)
    assert (classes, title) == (list(checkpoint.card.classes), checkpoint.card.title)


def _clear(picture: Image.Image) -> Image.Image:
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        _clear(Image.new("RGB", (40, 40), (10, 60, 10))),
        _clear(Image.new("RGB", (40, 40), (10, 60, 10))).quantize(8),
        Image.fromarray(np.linspace(0, 65_535, 1_600).astype(np.uint16).reshape(40, 40)),
    ],
    ids=["transparent", "with a palette", "16 bits"],
)
def test_an_unusual_picture_is_seen_without_the_lab_as_it_is_in_it(picture: Image.Image) -> None:
    checkpoint = find("cats_vs_dogs-fast_cnn")
    made: dict[str, Any] = {"__name__": "network", "__file__": "network.py"}
    exec(loading_code(checkpoint, "w.safetensors"), made)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    with Image.open(stream) as file:
        found = made["as_input"](file)
    given = received(checkpoint, open_photo(stream.getvalue())).batch[0]
    assert np.allclose(found, given, atol=1e-5), "torchvision normalises by another order of the same steps"


def test_whatever_people_typed_is_text_in_the_python_file(hostile: Checkpoint, tmp_path: Path) -> None:
    _logits, answer, classes, title = alone(tmp_path, hostile)
    assert (classes, title) == (list(CLASSES), HOSTILE)
    assert isinstance(answer, dict)
    assert set(answer) == set(CLASSES)


def test_the_second_opinion_of_the_mirror_image_goes_along() -> None:
    code = loading_code(find("cats_vs_dogs-fast_cnn"), "w.safetensors")
    assert "network(images.flip(-1))" in code
    compile(code, "network.py", "exec")


def test_weights_are_opened_by_safetensors_alone(hostile: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(weights_file(hostile))
    with safetensors.safe_open(tmp_path / "w.safetensors", "numpy") as file:
        assert json.loads(file.metadata()["classes"]) == list(CLASSES)
        assert {name: file.get_tensor(name).shape for name in file.keys()} == {  # noqa: SIM118  (it is no mapping)
            name: tuple(value.shape) for name, value in load_network(hostile).state_dict().items()
        }


@pytest.mark.parametrize(
    ("share", "text"), [(1 - 1e-7, "over 99.9 %"), (0.973, "97.3 %"), (2e-4, "under 0.1 %"), (0.9994, "99.9 %")]
)
def test_in_the_code_beside_the_weights_no_answer_is_certain(share: float, text: str) -> None:
    made: dict[str, Any] = {"__name__": "network", "__file__": "network.py"}
    exec(loading_code(find("cats_vs_dogs-fast_cnn"), "w.safetensors"), made)
    assert made["percent"](share) == text


def test_the_card_is_read_by_the_hubs_own_reader_and_holds_the_measured_figures(hostile: Checkpoint) -> None:
    from huggingface_hub import ModelCard

    checkpoint = find("mnist-strided_cnn")
    read = ModelCard(model_card(checkpoint))
    metrics = checkpoint.card.metrics
    assert metrics is not None
    assert read.data.datasets == ["ylecun/mnist"]
    assert read.data.eval_results[0].metric_value == pytest.approx(metrics.test_accuracy, abs=1e-6)
    assert f"{percent(metrics.test_accuracy, 2)} right" in read.text
    assert f"n = {metrics.test_n:,}" in read.text
    odd = ModelCard(model_card(hostile))
    assert odd.data.eval_results is None
    assert "<b>" not in odd.text
    assert "<b>" not in odd.content.replace(str(odd.data.model_name), "")


def test_no_figure_that_is_no_test_accuracy_is_given_as_one(tmp_path: Path) -> None:
    checkpoint = ship(tmp_path, "seen", wrong=5, unseen=False)
    text = model_card(checkpoint)
    assert "model-index" not in text
    assert "this is no test accuracy" in text


def test_curves_are_a_row_an_epoch_and_no_cell_is_run(tmp_path: Path) -> None:
    history = ship(tmp_path, "two").card.history
    cards = [card(title="=cmd|' /C calc'!A0", history=history), card(title="two", history=history)]
    rows = list(csv.DictReader(io.StringIO(curves_csv(cards).decode("utf-8-sig"))))
    assert [row["network"] for row in rows] == ["'=cmd|' /C calc'!A0"] * 2 + ["two"] * 2
    assert [float(row["val_loss"]) for row in rows] == [1.0, 0.5, 1.0, 0.5]
    found = json.loads(curves_json(cards))["networks"]
    assert [epoch["val_loss"] for epoch in found[1]["epochs"]] == [1.0, 0.5]
    assert found[0]["config"]["seed"] == 0


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_begins_like_a_formula_is_made_text(begin: str) -> None:
    assert safe_cell(f"{begin}1").startswith("'")


def test_the_command_names_every_form() -> None:
    assert list(FORMS) == list(NAMED)


def test_without_its_packages_onnx_is_a_sentence_that_says_what_to_install(
    hostile: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.export.onnx_file.NEEDED", ("a_package_that_is_not_there",))
    with pytest.raises(Exception, match="requirements-onnx") as found:
        onnx_file(hostile)
    assert str(found.value) == WHAT_TO_INSTALL


def test_onnx_is_one_file_for_any_number_of_images_with_names_and_softmax(hostile: Checkpoint) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="requirements-onnx.txt is not installed")
    session = onnxruntime.InferenceSession(onnx_file(hostile), providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == list(CLASSES)
    for count in (1, 5):
        images = torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(count))
        probabilities, logits = session.run(["probabilities", "logits"], {"images": images.numpy()})
        with torch.inference_mode():
            expected = load_network(hostile)(images)
        assert np.abs(logits - expected.numpy()).max() < 1e-4
        assert np.abs(probabilities - expected.softmax(1).numpy()).max() < 1e-5
