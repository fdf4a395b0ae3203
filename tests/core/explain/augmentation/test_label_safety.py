"""Which changes leave a label true, and what a network calls the changed images."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.data import datasets
from core.explain.augmentation.label_safety import DIGITS, RISKS, Answers, answers, changed, names_of, read_as
from core.explain.filters.surgery import Sample
from core.models.input_format import InputFormat, normalise
from core.transforms import transforms

FORMAT = InputFormat(channels=1, size=8, mean=(0.3,), std=(0.4,))


@pytest.fixture
def pictures() -> Tensor:
    return torch.rand(120, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def test_changes_are_what_they_are_called(pictures: Tensor) -> None:
    assert torch.equal(RISKS["mirror"].change(pictures), pictures.flip(-1))
    assert torch.equal(RISKS["upside_down"].change(pictures), pictures.flip(-2))
    assert torch.allclose(RISKS["half"].change(pictures), pictures.flip(-1, -2), atol=1e-5)
    assert torch.allclose(RISKS["quarter"].change(pictures), pictures.rot90(1, (-2, -1)), atol=1e-5)
    assert RISKS["corner"].change(pictures).shape == pictures.shape


@pytest.mark.parametrize("name", RISKS)
def test_every_change_is_one_that_a_chain_can_draw(name: str) -> None:
    assert set(RISKS[name].drawn_by) <= set(transforms)
    assert any(transforms[one].caution for one in RISKS[name].drawn_by)


@pytest.mark.parametrize("name", transforms)
def test_a_caution_calls_a_digit_another_only_where_a_reader_does(name: str) -> None:
    for before, after in re.findall(r"[Aa] (?:\w+ )?(\d)[^.]*? (?:becomes|is) a (\d)", transforms[name].caution):
        assert any(risk.digits.get(before) == after for risk in RISKS.values() if name in risk.drawn_by)


def test_a_reader_calls_half_a_turned_6_a_9_and_an_upside_down_cat_a_cat() -> None:
    mnist, cats = datasets["mnist"], datasets["cats_vs_dogs"]
    assert [read_as(mnist, RISKS["half"], digit) for digit in DIGITS] == [
        "0", "1", "2", "no digit", "no digit", "5", "9", "no digit", "8", "6",
    ]  # fmt: skip
    assert read_as(mnist, RISKS["mirror"], "2") == "no digit"
    assert read_as(cats, RISKS["upside_down"], "cat") == "cat"
    assert read_as(cats, RISKS["corner"], "cat") == ""


def test_answers_before_and_after_are_the_networks_own(pictures: Tensor) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).eval()
    sample = Sample(images=normalise(pictures, FORMAT), labels=torch.arange(120) % 3)
    told: list[float] = []
    found = answers(model, sample, RISKS["mirror"], FORMAT, tell=told.append)
    with torch.no_grad():
        before, after = model(sample.images).argmax(1), model(sample.images.flip(-1)).argmax(1)
    assert np.array_equal(found.before, before.numpy())
    assert np.array_equal(found.after, after.numpy())
    assert told == [0, 50 / 120, 100 / 120]
    assert torch.allclose(changed(sample, RISKS["mirror"], FORMAT, slice(3)), sample.images[:3].flip(-1), atol=1e-6)


def test_what_images_of_a_class_are_called_is_counted() -> None:
    labels = np.array([6, 6, 6, 6, 9, 9])
    found = Answers(labels=labels, before=labels, after=np.array([9, 9, 6, 9, 6, 9]))
    assert (found.right("before"), found.right("after")) == (6, 2)
    assert found.called(6) == [(9, 3), (6, 1)]
    low, high = found.ci95("after")
    assert low < 2 / 6 < high


def test_an_image_is_named_by_its_likeliest_class(pictures: Tensor) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).eval()
    with torch.no_grad():
        sure, labels = model(normalise(pictures[:5], FORMAT)).softmax(1).max(1)
    assert [label for label, _sure in names_of(model, pictures[:5], FORMAT)] == labels.tolist()
    assert [one for _label, one in names_of(model, pictures[:5], FORMAT)] == pytest.approx(sure.tolist())
