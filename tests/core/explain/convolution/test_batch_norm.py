import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.explain.convolution.batch_norm import batch_norm_steps


def test_all_steps_equal_pytorchs_batch_norm() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, 4, 6, generator=generator) * 7 + 2
    layer = nn.BatchNorm2d(3)
    layer.weight.data, layer.bias.data = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([0.0, 3.0, -1.0])
    steps = batch_norm_steps(x, [1.0, -2.0, 0.5], [0.0, 3.0, -1.0])
    torch.testing.assert_close(steps.after, layer(x).detach())
    torch.testing.assert_close(steps.mean, x.mean((0, 2, 3)))


def test_a_channel_worked_out_by_hand() -> None:
    steps = batch_norm_steps(torch.tensor([[[1.0, 3.0]]]), gamma=10, beta=1, eps=0)
    assert (steps.mean.item(), steps.variance.item()) == (2, 1)
    assert steps.standardised.tolist() == [[[-1, 1]]]
    assert steps.after.tolist() == [[[-9, 11]]]


def test_one_image_is_a_batch_of_one() -> None:
    x = torch.rand(2, 4, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(batch_norm_steps(x).after, batch_norm_steps(x[None]).after[0])


def test_what_was_given_is_not_changed() -> None:
    x = torch.ones(1, 2, 3, 3)
    assert torch.equal(batch_norm_steps(x, 3, 4).before, torch.ones(1, 2, 3, 3))


def test_a_flat_channel_becomes_beta() -> None:
    assert batch_norm_steps(torch.full((1, 2, 2), 6.0), 5, 0.25).after.unique().item() == 0.25


def test_too_many_gammas_are_refused_with_both_numbers() -> None:
    with pytest.raises(ConfigError, match="3 values of γ for 2 channels"):
        batch_norm_steps(torch.ones(2, 3, 3), [1, 2, 3])


def test_activations_that_are_no_maps_are_refused() -> None:
    with pytest.raises(ConfigError, match="this has 2 dimensions"):
        batch_norm_steps(torch.ones(4, 10))
