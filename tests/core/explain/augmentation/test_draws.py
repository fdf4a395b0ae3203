"""What the Augmentation page shows: seeded draws, what the network gets, and test images that stay as they are."""

import re

import numpy as np
import pytest
from PIL import Image

from core.config import AugmentationStep
from core.errors import ConfigError
from core.explain.augmentation.draws import draw, read_twice, received
from core.models.input_format import InputFormat
from core.transforms import COURSE_CHAIN

COLOUR = InputFormat(channels=3, size=32, mean=(0.5, 0.4, 0.3), std=(0.25, 0.2, 0.2))


@pytest.fixture
def photo() -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def test_equal_seeds_give_equal_draws_and_other_seeds_others(photo: Image.Image) -> None:
    first = draw(photo, COURSE_CHAIN, format=COLOUR, count=6, seed=3)
    again = draw(photo, COURSE_CHAIN, format=COLOUR, count=6, seed=3)
    other = draw(photo, COURSE_CHAIN, format=COLOUR, count=6, seed=4)
    assert (first.after == again.after).all()
    assert first.applied == again.applied
    assert not (first.after == other.after).all()


def test_each_draw_tells_how_far_its_picture_moved(photo: Image.Image) -> None:
    steps = (AugmentationStep(name="crop", settings={"padding": 4}),)
    draws = draw(photo, steps, format=COLOUR, count=6, seed=0)
    for index in range(6):
        down, right = (int(number.replace("−", "-")) for number in re.findall(r"([+−]?\d+) px", draws.words(index)))
        moved = np.zeros((3, 32, 32), dtype=np.float32)
        moved[:, max(0, down) : 32 + down, max(0, right) : 32 + right] = draws.before.numpy()[
            :, max(0, -down) : 32 - down, max(0, -right) : 32 - right
        ]
        assert (draws.after[index].numpy() == moved).all()


def test_a_draw_to_which_nothing_was_applied_says_so(photo: Image.Image) -> None:
    steps = (AugmentationStep(name="flip_horizontal", probability=0.0),)
    assert draw(photo, steps, format=COLOUR, count=1, seed=0).words(0) == "nothing applied"


def test_an_empty_chain_leaves_the_image_as_it_is(photo: Image.Image) -> None:
    draws = draw(photo, (), format=COLOUR, count=2, seed=0)
    assert (draws.picture(0) == draws.picture()).all()


def test_a_grey_format_gives_one_channel(photo: Image.Image) -> None:
    grey = InputFormat(channels=1, size=28, mean=(0.1,), std=(0.3,))
    assert draw(photo, COURSE_CHAIN, format=grey, count=3, seed=0).after.shape == (3, 1, 28, 28)


def test_the_number_of_draws_has_bounds(photo: Image.Image) -> None:
    with pytest.raises(ConfigError, match="0 draws"):
        draw(photo, (), format=COLOUR, count=0, seed=0)


def test_what_is_received_is_normalised_and_can_be_taken_back(photo: Image.Image) -> None:
    draws = draw(photo, (), format=COLOUR, count=1, seed=0)
    got = received(draws.before, COLOUR)
    expected = (draws.before.numpy() - np.array(COLOUR.mean)[:, None, None]) / np.array(COLOUR.std)[:, None, None]
    assert np.allclose(got.normalised, expected, atol=1e-5)  # float32 against float64
    assert (got.restored == draws.picture()).all()
    assert np.allclose(got.means, expected.mean((1, 2)), atol=1e-5)


def test_a_test_image_read_twice_is_the_same_and_a_training_image_is_not(photo: Image.Image) -> None:
    twice = read_twice(photo, COURSE_CHAIN, format=COLOUR, seed=0)
    assert twice.test == 0.0
    assert twice.training > 0.1
