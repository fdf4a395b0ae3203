"""Whether a heat map depends on the class that is asked about and on what was learned."""

import pytest
import torch
from torch import nn

from core.explain.doubt.sanity import FLAT, Sanity, correlation, is_flat, sanity_check, untrained_network
from core.explain.inside.grad_cam import Heat, heat_map
from tests.cards import card
from tests.core.explain.nets import assert_untouched, conv, dense, fingerprint

PICTURE = torch.tensor([[[[1.0, 2.0], [-3.0, 4.0]]]])


def reading(first: list[float], second: list[float]) -> nn.Module:
    """One map A = x; each class weighs the four places by itself, so HiResCAM's heat is ReLU(weight · x)."""
    return nn.Sequential(conv([[[[1]]]]), nn.Flatten(), dense([first, second])).eval()


def heat(values: list[list[float]]) -> Heat:
    return Heat(values=torch.tensor(values, dtype=torch.float32), method="HiResCAM", layer="0")


def test_correlation_by_hand() -> None:
    # Deviations −1 0 1 and −2 1 1: 3 / √(2 · 6).
    assert correlation(torch.tensor([1.0, 2, 3]), torch.tensor([0.0, 3, 3])) == pytest.approx(3 / 12**0.5)
    assert correlation(torch.tensor([1.0, 2]), torch.tensor([5.0, 3])) == pytest.approx(-1)


def test_a_map_that_is_the_same_everywhere_is_like_none() -> None:
    assert correlation(torch.ones(2, 2), torch.tensor([[1.0, 2], [3, 4]])) is None
    assert correlation(torch.zeros(2, 2), torch.zeros(2, 2)) is None


def test_the_other_class_and_untrained_networks_are_asked_at_the_same_layer_by_the_same_method() -> None:
    model = reading([1, 0, 0, 0], [0, 0, 0, 1])
    before = fingerprint(model)
    untrained = reading([0, 1, 0, 0], [1, 0, 0, 0])
    first = heat_map(model, PICTURE, 0)
    found = sanity_check(model, PICTURE, first, index=0, other=1, untrained=[untrained])
    assert found.heat is first
    assert found.other.values.tolist() == [[0, 0], [0, 1]]
    assert found.untrained[0].values.tolist() == [[0, 1], [0, 0]]
    assert {(one.method, one.layer) for one in (found.other, *found.untrained)} == {("HiResCAM", "0")}
    assert found.like_other == pytest.approx(-1 / 3)  # one place of four each, and not the same
    assert_untouched(model, before)


def test_the_likeness_of_untrained_networks_is_their_mean_and_leaves_out_what_is_empty() -> None:
    one, opposite, empty = heat([[1, 0]]), heat([[0, 1]]), heat([[0, 0]])
    assert Sanity(heat=one, other=one, untrained=(one, opposite, empty)).like_untrained == pytest.approx(0)
    assert Sanity(heat=one, other=one, untrained=(empty,)).like_untrained is None
    assert Sanity(heat=empty, other=one, untrained=(one,)).like_other is None


def test_a_map_is_flat_from_three_quarters_of_its_peak_on_average() -> None:
    assert is_flat(heat([[1, FLAT], [FLAT, FLAT]]))
    assert not is_flat(heat([[1, 0.6], [0.6, 0.6]]))
    assert not is_flat(heat([[0, 0]]))  # empty is another thing, and said elsewhere


def test_an_untrained_network_has_the_architecture_and_other_weights_for_each_seed() -> None:
    about = card(model="strided_cnn", arguments={"channels": (4, 8)})
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first, again, second = (untrained_network(about, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.rand(3), expected), "the draws of everybody else go on as they were"
    assert not first.training
    pairs = zip(first.parameters(), again.parameters(), second.parameters(), strict=True)
    for one, same, other in pairs:
        assert torch.equal(one, same)
        assert one.std() == 0 or not torch.equal(one, other)
