"""A secret kernel is found from a picture and its output, as torch's own optimiser would; and where it cannot be."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.explain.convolution.convolve import Filter, convolve, picture
from core.explain.convolution.kernels import PRESETS
from core.explain.convolution.learning import CLOSE, DIVERGED, Descent, filtered, learn, secret_kernel, set_task
from core.photos.samples import sample_photos

PHOTOS = list(sample_photos())
AT_SIZE_3 = [name for name, entry in PRESETS.items() if 3 in entry.sizes]


def photo(name: str = "china.jpg", side: int = 96) -> torch.Tensor:
    return picture(sample_photos()[name].image, "grey", max_side=side)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("secret", [None, *AT_SIZE_3])
def test_every_kernel_is_found_to_a_hundredth_on_a_real_photo(name: str, secret: str | None) -> None:
    kernel = secret_kernel(secret, 1)
    learned = learn(set_task(photo(name), kernel), Descent())
    assert learned.found
    assert np.abs(learned.kernels[-1] - kernel).max() <= CLOSE
    assert (learned.steps[0], learned.steps[-1], learned.rank) == (0, 2000, 9)
    assert np.array_equal(learned.kernels[0], np.zeros((3, 3)))


def test_its_steps_are_those_of_torchs_sgd_over_the_whole_picture() -> None:
    task = set_task(photo(side=24), secret_kernel("sharpen", 0))
    layer = nn.Conv2d(1, 1, 3, bias=False, dtype=torch.float64)
    nn.init.zeros_(layer.weight)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.05, momentum=0.9)
    given, wanted = (torch.from_numpy(values.copy())[None, None] for values in (task.given, task.wanted))
    for _ in range(20):
        optimizer.zero_grad()
        nn.functional.mse_loss(layer(given), wanted).backward()
        optimizer.step()
    learned = learn(task, Descent(steps=20))
    assert np.allclose(learned.kernels[-1], layer.weight.detach().numpy()[0, 0], atol=1e-9)
    final = nn.functional.mse_loss(layer(given), wanted).item()
    assert learned.losses[-1] == pytest.approx(final, rel=1e-6)


def test_what_the_secret_kernel_makes_is_its_convolution() -> None:
    image = photo(side=20)
    kernel = secret_kernel("sobel_x", 0)
    normalised = (image - 0.5) / 0.25
    assert np.allclose(filtered(set_task(image, kernel).given, kernel), convolve(normalised, Filter(kernel=kernel)))


def test_too_small_a_picture_meets_every_equation_with_another_kernel() -> None:
    learned = learn(set_task(photo(side=6), secret_kernel(None, 1)), Descent(steps=20_000))
    assert (learned.equations, learned.rank) == (8, 8)  # 6×4 pixels have 4×2 windows
    assert learned.losses[-1] < 1e-6
    assert not learned.found


@pytest.mark.parametrize(("level", "rank"), [(0.5, 0), (0.8, 1)])  # grey becomes 0 by the normalisation
def test_a_flat_picture_says_one_thing_at_most(level: float, rank: int) -> None:
    learned = learn(set_task(torch.full((1, 64, 96), level), secret_kernel(None, 1)), Descent())
    assert (learned.rank, learned.found, learned.uncertain) == (rank, False, None)


def test_the_rate_from_which_on_it_diverges_is_the_one_that_is_named() -> None:
    task = set_task(photo(), secret_kernel(None, 1))
    named = learn(task, Descent(momentum=0.5)).largest_rate
    below, above = (learn(task, Descent(rate=part * named, momentum=0.5)) for part in (0.99, 1.01))
    assert not below.diverged
    assert below.losses[-1] < below.losses[0]
    assert above.losses[-1] > above.losses[0]
    assert above.diverged, "slowly, but without end"
    assert learn(task, Descent(rate=0.5)).diverged


def test_few_steps_at_a_rate_that_is_too_large_diverge_as_many_do() -> None:
    task = set_task(photo(), secret_kernel(None, 1))
    few = learn(task, Descent(rate=1.5 * learn(task, Descent(momentum=0.0)).largest_rate, momentum=0.0, steps=20))
    assert np.abs(few.kernels).max() < DIVERGED, "nothing gave it up"
    assert few.losses[-1] > few.losses[-2] > few.losses[0]
    assert few.diverged


def test_noise_is_as_far_off_as_the_standard_error_says() -> None:
    kernel = secret_kernel(None, 1)
    offs, named = [], 0.0
    for seed in range(20):
        learned = learn(set_task(photo(), kernel, noise=0.5, seed=seed), Descent(), noise=0.5)
        offs.append(learned.off)
        named = learned.uncertain or 0
    # The furthest of nine weights lies one to three standard errors off, on average over 20 draws of the noise.
    assert 0.7 * named < np.mean(offs) < 2.5 * named


def test_a_seed_draws_one_kernel_and_one_noise() -> None:
    assert np.array_equal(secret_kernel(None, 7), secret_kernel(None, 7))
    assert not np.array_equal(secret_kernel(None, 7), secret_kernel(None, 8))
    tasks = [set_task(photo(side=8), secret_kernel(None, 7), noise=0.1, seed=3).wanted for _ in range(2)]
    assert np.array_equal(*tasks)


@pytest.mark.parametrize("wrong", [{"rate": 0.0}, {"rate": 11.0}, {"momentum": 1.0}, {"steps": 0}])
def test_a_descent_out_of_range_is_a_sentence(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"must|can be"):
        replace(Descent(), **wrong)  # type: ignore[arg-type]


def test_a_picture_without_room_for_a_window_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="does not fit a picture of 2×9"):
        set_task(torch.zeros(1, 2, 9), secret_kernel(None, 1))
