"""The puzzle: every level of every seed can be solved, and the score says how near one is."""

import numpy as np
import pytest
import torch

from core.errors import ConfigError
from core.explain.convolution.convolve import Filter, convolve, picture
from core.explain.convolution.learning import Descent, learn, set_task
from core.explain.convolution.puzzle import SOLVED, chain, levels, score
from core.photos.samples import sample_photos

SEEDS = range(40)
PHOTO = picture(sample_photos()["china.jpg"].image, "grey", max_side=96)[0].double().numpy()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_level_begins_at_0_and_its_solution_scores_100(seed: int) -> None:
    found = levels(seed)
    assert len(found) == 7
    assert [len(level.solution) for level in found] == [1] * 6 + [2]
    for level in found:
        assert score(PHOTO, level.begin, level) == 0
        assert score(PHOTO, level.solution, level) == 100
        # The grid of the page takes four digits after the point, and the hints tell only what is so.
        assert all(round(weight, 4) == weight for kernel in level.solution for row in kernel for weight in row)
        assert len(level.hints) >= 3


def test_one_weight_that_is_wrong_does_not_solve_a_level() -> None:
    for seed in SEEDS:
        for level in levels(seed):
            wrong = np.array(level.solution[-1])
            wrong[1, 1] += 0.1
            assert score(PHOTO, (*level.solution[:-1], tuple(map(tuple, wrong))), level) < SOLVED


def test_the_same_seed_has_the_same_levels_and_another_has_others() -> None:
    assert levels(7) == levels(7)
    assert len({levels(seed) for seed in SEEDS}) > 30
    assert len({levels(seed)[0].solution for seed in SEEDS}) == 1  # the identity is the first for everybody


def test_a_chain_is_one_convolution_after_the_other() -> None:
    first, second = levels(3)[-1].solution
    image = torch.from_numpy(PHOTO).float()[None]
    made = convolve(convolve(image, Filter(kernel=first))[None], Filter(kernel=second))
    assert np.allclose(chain(PHOTO, (first, second)), made, atol=1e-5)  # float32


def test_two_kernels_can_change_places() -> None:
    first, second = levels(3)[-1].solution
    assert np.allclose(chain(PHOTO, (first, second)), chain(PHOTO, (second, first)))


def test_the_score_is_the_part_of_the_way_that_is_gone() -> None:
    level = levels(0)[0]  # from black to the photo: half of its brightness is half of the way
    half = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.0))
    assert score(PHOTO, (half,), level) == pytest.approx(50)
    away = ((0.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 0.0))
    assert score(PHOTO, (away,), level) == 0


def test_a_level_of_one_kernel_has_one_solution_on_a_real_photo() -> None:
    image = torch.from_numpy(PHOTO).float()[None]
    for level in levels(5)[:-1]:
        learned = learn(set_task(image, np.array(level.solution[0])), Descent())
        assert learned.rank == 9
        assert learned.found


def test_a_flat_photo_is_a_sentence_where_the_level_would_be_solved_before_it_begins() -> None:
    with pytest.raises(ConfigError, match="solved before it begins"):
        score(np.full((20, 20), 0.5), levels(0)[1].begin, levels(0)[1])


@pytest.mark.parametrize("seed", [-1, 1_000_000])
def test_a_seed_that_is_not_offered_is_a_sentence(seed: int) -> None:
    with pytest.raises(ConfigError, match="seeds run from 0 to 999,999"):
        levels(seed)
