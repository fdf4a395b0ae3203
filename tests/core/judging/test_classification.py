"""Photos classified by a net whose answer is known beforehand."""

import dataclasses
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from core.checkpoints import Checkpoint, find
from core.errors import CheckpointError
from core.judging.classification import Guess, classify, classify_paths, faults, rank, received
from core.models.input_format import InputFormat
from core.photos.door import Photo

COLOURS = ("red", "green", "blue")


class Colour(nn.Module):
    """Logits are four times the mean of each colour channel."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(4.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x.mean((2, 3))


def colour_checkpoint(classes: Sequence[str] = COLOURS, model: nn.Module | None = None) -> Checkpoint:
    """A stand-in with what classification reads of a checkpoint: its card, its format, its network."""
    stand_in = SimpleNamespace(
        card=SimpleNamespace(
            classes=tuple(classes),
            title="Colours",
            dataset="own",
            config=SimpleNamespace(mirror_at_test=False, slips=(), model="simple_nn"),
        ),
        format=InputFormat(channels=3, size=8, mean=(0.0,) * 3, std=(1.0,) * 3),
        load_model=lambda *_device, **_fill: (model or Colour()).eval(),
    )
    return cast(Checkpoint, stand_in)


def photo(colour: str, size: tuple[int, int] = (30, 20)) -> Photo:
    return Photo(image=Image.new("RGB", size, colour), sha256=hashlib.sha256(colour.encode()).hexdigest(), name=colour)


def test_the_likeliest_class_comes_first_with_its_probability() -> None:
    e4 = torch.e**4
    guesses = classify(colour_checkpoint(), photo("#00ff00"))
    assert guesses[0] == Guess("green", pytest.approx(e4 / (e4 + 2), abs=1e-6))
    assert sum(guess.probability for guess in guesses) == pytest.approx(1, abs=1e-6)


def test_a_colour_photo_is_turned_grey_for_a_net_that_takes_grey() -> None:
    """One channel in, and the logit of "bright" grows with it."""

    class Bright(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([8 * x.mean((2, 3)) - 4, torch.zeros(len(x), 1)], dim=1)

    checkpoint = colour_checkpoint(("bright", "dark"), Bright())
    cast(SimpleNamespace, checkpoint).format = InputFormat(channels=1, size=8, mean=(0.0,), std=(1.0,))
    assert classify(checkpoint, photo("yellow"))[0].label == "bright"
    assert classify(checkpoint, photo("navy"))[0].label == "dark"


def test_a_guess_unpacks_as_a_pair() -> None:
    label, probability = classify(colour_checkpoint(), photo("blue"), top=1)[0]
    assert (label, probability > 0.9) == ("blue", True)


@pytest.mark.parametrize(("top", "given"), [(1, 1), (2, 2), (5, 3), (0, 1)])
def test_as_many_classes_as_asked_for_and_there_are(top: int, given: int) -> None:
    assert len(classify(colour_checkpoint(), photo("red"), top=top)) == given


def test_a_batch_gives_what_one_photo_after_the_other_gives() -> None:
    checkpoint, photos = colour_checkpoint(), [photo("red"), photo("#102030"), photo("blue"), photo("lime")]
    together = rank(checkpoint, [received(checkpoint, one) for one in photos], batch_size=3)
    assert [guesses[0].label for guesses in together] == ["red", "blue", "blue", "green"]
    for guesses, one in zip(together, photos, strict=True):
        alone = classify(checkpoint, one)
        assert [guess.label for guess in guesses] == [guess.label for guess in alone]
        assert [guess.probability for guess in guesses] == pytest.approx([guess.probability for guess in alone])


def test_a_model_that_is_loaded_already_is_used() -> None:
    checkpoint = colour_checkpoint()
    cast(SimpleNamespace, checkpoint).load_model = pytest.fail
    assert classify(checkpoint, photo("red"), model=Colour().eval())[0].label == "red"


def test_an_answer_that_is_not_a_number_is_refused() -> None:
    broken = Colour()
    nn.init.constant_(broken.scale, float("nan"))
    with pytest.raises(CheckpointError, match="Colours answers with numbers that are not finite"):
        classify(colour_checkpoint(model=broken), photo("red"))


def jpeg(colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[Path]]:
    def make(**contents: bytes) -> list[Path]:
        for name, data in contents.items():
            (tmp_path / name).write_bytes(data)
        return [tmp_path / name for name in contents]

    return make


def test_files_are_answered_in_order_and_a_bad_one_stops_nothing(files: Callable[..., list[Path]]) -> None:
    paths = files(first=jpeg("red"), second=b"", third=b"no picture", fourth=jpeg("blue"))
    answers = list(classify_paths(colour_checkpoint(), [*paths, "missing.jpg"]))
    assert [answer.photo for answer in answers] == [*map(str, paths), "missing.jpg"]
    assert [answer.top[0].label if answer.top else None for answer in answers] == ["red", None, None, "blue", None]
    assert [answer.error is None for answer in answers] == [True, False, False, True, False]
    assert "empty" in str(answers[1].error)


def test_an_answer_has_the_fields_that_json_prints(files: Callable[..., list[Path]]) -> None:
    good, bad = classify_paths(colour_checkpoint(), files(good=jpeg("red"), bad=b""), top=1)
    fields = json.loads(json.dumps(dataclasses.asdict(good), allow_nan=False))
    assert fields == {
        "photo": good.photo,
        "error": None,
        "top": [{"label": "red", "probability": pytest.approx(0.96, abs=0.01)}],
        "notes": ["made smaller, from 16×16 to 8×8 px"],
        "faults": [],
    }
    assert dataclasses.asdict(bad) == {"photo": bad.photo, "error": bad.error, "top": (), "notes": (), "faults": ()}


@pytest.mark.parametrize(
    ("name", "slips", "known"),
    [
        ("cats_vs_dogs-strided_cnn", (), True),
        ("cats_vs_dogs-strided_cnn", ("no_normalisation",), False),  # its mean is 0 and its spread 1
        ("cats_vs_dogs-efficientnet_lite0", (), False),  # it has its backbone's
    ],
)
def test_light_is_judged_only_beside_that_of_the_training_images(
    name: str, slips: tuple[str, ...], known: bool
) -> None:
    checkpoint = find(name)
    card = dataclasses.replace(checkpoint.card, config=dataclasses.replace(checkpoint.card.config, slips=slips))
    pale = Photo(image=Image.new("RGB", (200, 200), (117, 117, 117)), sha256="", name="pale")
    found = faults(Checkpoint(checkpoint.folder, card), received(checkpoint, pale))
    assert [fault.kind for fault in found] == ["flat"] * known
