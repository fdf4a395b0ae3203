"""Predictions counted by hand, and figures that may or may not be called a test accuracy."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from core.checkpoints import Checkpoint, Metrics, save
from core.config import TrainingConfig
from core.data import load, make_split
from core.errors import ConfigError, DataError, ModelError
from core.intervals import wilson_interval
from core.judging.claims import doubt_about
from core.judging.evaluation import (
    Predictions,
    evaluate_checkpoint,
    judge,
    predict,
    stored_evaluation,
)
from core.models import build_model
from core.models.input_format import InputFormat
from tests.cards import card

GREY = InputFormat(channels=1, size=8, mean=(0.0,), std=(1.0,))


def predictions(labels: list[int], predicted: list[int], confidence: list[float] | None = None) -> Predictions:
    return Predictions(
        labels=np.array(labels, dtype=np.int64),
        predicted=np.array(predicted, dtype=np.int64),
        confidence=np.array(confidence or [0.5] * len(labels), dtype=np.float32),
        loss=0.7,
    )


# judge


def test_accuracy_confusion_and_recall_by_hand() -> None:
    verdict = judge(predictions([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0]), classes=3, unseen=True, sentence="so it is")
    assert verdict.accuracy == pytest.approx(4 / 6)
    assert verdict.n == 6
    assert verdict.confusion.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert verdict.per_class == (pytest.approx(2 / 3), 1.0, 0.0)
    assert (verdict.loss, verdict.unseen, verdict.sentence) == (0.7, True, "so it is")


def test_a_class_without_images_has_no_recall() -> None:
    assert math.isnan(judge(predictions([0], [0]), classes=2, unseen=True, sentence="").per_class[1])


def test_a_class_that_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(DataError, match="label is 5, but the model knows 3"):
        judge(predictions([0, 5], [0, 0]), classes=3, unseen=True, sentence="")


def test_nothing_cannot_be_judged() -> None:
    with pytest.raises(DataError, match="no images"):
        judge(predictions([], []), classes=2, unseen=True, sentence="")


def test_the_summary_has_the_figure_its_interval_and_the_count() -> None:
    verdict = judge(predictions([0, 1] * 50, [0, 0] * 50), classes=2, unseen=True, sentence="Such a figure.")
    assert verdict.summary == "50.00 % (95 % interval 40.38 % to 59.62 %), n = 100, loss 0.7000. Such a figure."


@pytest.mark.parametrize(("right", "n"), [(0, 10), (10, 10), (1, 3), (81, 100), (9720, 10000)])
def test_the_wilson_interval_agrees_with_scipy(right: int, n: int) -> None:
    expected = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(right, n) == (pytest.approx(expected.low, abs=1e-9), pytest.approx(expected.high, abs=1e-9))


# predict


class FirstPixel(nn.Module):
    """Says class 1 with a logit of ten times the first pixel, class 0 with a logit of 5."""

    def forward(self, x: Tensor) -> Tensor:
        pixel = x[:, 0, 0, 0]
        return torch.stack([torch.full_like(pixel, 5.0), 10 * pixel], dim=1)


def bright(*first: int) -> np.ndarray:
    images = np.zeros((len(first), 1, 8, 8), dtype=np.uint8)
    images[:, 0, 0, 0] = first
    return images


def test_predictions_by_hand() -> None:
    got = predict(FirstPixel().eval(), bright(0, 255, 51), np.array([0, 1, 1]), GREY)
    assert got.predicted.tolist() == [0, 1, 0]
    sure, unsure = 1 / (1 + math.exp(-5)), 1 / (1 + math.exp(-3))
    assert got.confidence.tolist() == pytest.approx([sure, sure, unsure], abs=1e-6)
    assert got.loss == pytest.approx((-2 * math.log(sure) - math.log(1 - unsure)) / 3, abs=1e-6)
    assert (got.labels.dtype, got.predicted.dtype, got.confidence.dtype) == (np.int64, np.int64, np.float32)


@pytest.mark.parametrize("batch_size", [1, 2, 4, 5, 100])
def test_the_batch_size_does_not_matter(batch_size: int) -> None:
    images, labels = bright(0, 255, 0, 255, 255), np.array([0, 1, 1, 1, 0])
    got = predict(FirstPixel().eval(), images, labels, GREY, batch_size=batch_size)
    assert got.predicted.tolist() == [0, 1, 0, 1, 1]
    assert got.labels.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("side", "eval_mode", "at_once"), [(128, True, 16), (32, True, 64), (8, True, 256), (128, False, 256)]
)
def test_on_a_cpu_as_many_images_are_judged_at_once_as_fit_its_caches(side: int, eval_mode: bool, at_once: int) -> None:
    """Without evaluation mode their number decides what BatchNorm says, so there it stays."""
    seen: list[int] = []

    class Spy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(len(x))
            return x.mean((2, 3)).repeat(1, 2)

    images, labels = np.zeros((512, 1, side, side), np.uint8), np.zeros(512, np.int64)
    predict(Spy(), images, labels, InputFormat(channels=1, size=side, mean=(0.0,), std=(1.0,)), eval_mode=eval_mode)
    assert set(seen) == {at_once}
    assert sum(seen) == 512


def test_indices_choose_the_images() -> None:
    got = predict(FirstPixel().eval(), bright(0, 255, 0), np.array([0, 1, 0]), GREY, indices=np.array([2, 1]))
    assert (got.labels.tolist(), got.predicted.tolist()) == ([0, 1], [0, 1])


def test_images_are_normalised_as_the_format_says() -> None:
    shifted = dataclasses.replace(GREY, mean=(1.0,), std=(0.5,))  # 255 becomes 0, 0 becomes -2
    assert predict(FirstPixel().eval(), bright(255), np.array([0]), shifted).predicted.tolist() == [0]


def test_progress_ends_at_one() -> None:
    told: list[float] = []
    images, labels = bright(0, 0, 0), np.zeros(3, dtype=np.int64)
    predict(
        FirstPixel().eval(), images, labels, GREY, batch_size=2, progress=lambda _text, fraction: told.append(fraction)
    )
    assert told == [pytest.approx(2 / 3), 1.0]


def test_no_images_are_refused() -> None:
    with pytest.raises(DataError, match="no images"):
        predict(FirstPixel(), bright(), np.array([], dtype=np.int64), GREY)


def test_answers_that_are_not_finite_are_refused() -> None:
    broken = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    nn.init.constant_(broken[1].weight, math.nan)
    with pytest.raises(ModelError, match="not finite"):
        predict(broken.eval(), bright(1), np.array([0]), GREY)


def batch_norm_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(144, 2)
    )


def noisy(count: int) -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (count, 1, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize("eval_mode", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_judging_leaves_the_model_as_it_was(eval_mode: bool, training: bool) -> None:
    model = batch_norm_net().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    predict(model, noisy(20), np.zeros(20, dtype=np.int64), GREY, eval_mode=eval_mode)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [module.training for module in model.modules()] == [training] * 7


def test_a_model_in_training_mode_is_judged_in_evaluation_mode() -> None:
    images, labels = noisy(20), np.zeros(20, dtype=np.int64)
    forgotten = predict(batch_norm_net().train(), images, labels, GREY)
    assert forgotten.loss == predict(batch_norm_net().eval(), images, labels, GREY).loss


def test_the_notebooks_missing_eval_is_reproducible_and_differs() -> None:
    images, labels = noisy(20), np.zeros(20, dtype=np.int64)
    first = predict(batch_norm_net(), images, labels, GREY, eval_mode=False)
    torch.rand(3)  # whatever else drew numbers in between
    again = predict(batch_norm_net(), images, labels, GREY, eval_mode=False)
    assert first.loss == again.loss
    assert first.loss != predict(batch_norm_net(), images, labels, GREY).loss


def test_the_missing_eval_leaves_the_random_stream_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    predict(batch_norm_net_without_seed(), noisy(4), np.zeros(4, dtype=np.int64), GREY, eval_mode=False)
    assert torch.equal(torch.rand(2), expected)


def batch_norm_net_without_seed() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        return batch_norm_net()


def test_the_missing_eval_sees_batches_of_mixed_classes() -> None:
    """A set sorted by class would otherwise be normalised class by class, which no shuffled split does."""

    class BatchMean(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            level = x.mean((1, 2, 3)) - (x.mean() if self.training else 0.5)
            return torch.stack([-level, level], dim=1)

    images = np.concatenate([np.full((64, 1, 8, 8), 60), np.full((64, 1, 8, 8), 200)]).astype(np.uint8)
    labels = np.repeat(np.array([0, 1]), 64)
    got = predict(BatchMean(), images, labels, GREY, eval_mode=False, batch_size=64)
    assert (got.predicted == labels).all()


# Checkpoints


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Checkpoint]:
    """Make a checkpoint of an untrained net on the built-in digits, with any field of its card changed."""

    def make(**changes: object) -> Checkpoint:
        torch.manual_seed(0)
        model = build_model("simple_nn", channels=1, image_size=28, classes=10)
        data = load("digits", size=28)
        fields = {"data_fingerprint": data.fingerprint, "split_fingerprint": make_split(data).fingerprint}
        about = card(**fields | changes)
        return save(tmp_path / "digits-simple_nn", model, about)

    return make


def test_on_its_own_split_the_figure_is_a_test_accuracy(checkpoint: Callable[..., Checkpoint]) -> None:
    verdict = evaluate_checkpoint(checkpoint())
    assert verdict.n == 367  # the last three blocks of 130
    assert verdict.unseen is True
    assert (verdict.shared_writers, verdict.doubt) == (False, "")
    assert verdict.sentence == (
        "Test accuracy on 367 images of Digits (built in), by writers of whom the model was shown nothing."
    )
    assert 0 <= verdict.ci95[0] <= verdict.accuracy <= verdict.ci95[1] <= 1


def test_another_split_is_refused_the_words_test_accuracy(checkpoint: Callable[..., Checkpoint]) -> None:
    verdict = evaluate_checkpoint(checkpoint(split_fingerprint="by-writer-of another order"))
    assert verdict.unseen is False
    assert not verdict.sentence.lower().startswith("test accuracy")
    assert "may have been trained on" in verdict.sentence
    assert "not a test accuracy" in verdict.sentence


SPLIT_AT_RANDOM = "7774cc37fa84762b6f95918ffd6984e1"  # what cards of Digits say that were written before 0.2


def test_a_card_of_digits_from_the_random_split_claims_no_test_accuracy(
    checkpoint: Callable[..., Checkpoint],
) -> None:
    verdict = evaluate_checkpoint(checkpoint(split_fingerprint=SPLIT_AT_RANDOM))
    assert (verdict.unseen, verdict.doubt) == (False, "images it may have seen")
    assert "drawn at random and not writer by writer, as they are now" in verdict.sentence
    assert "Train it anew" in verdict.sentence


def test_stored_figures_of_the_random_split_say_that_the_writers_are_known(
    checkpoint: Callable[..., Checkpoint], tmp_path: Path
) -> None:
    metrics = Metrics(test_accuracy=0.5, test_n=2, test_ci95=(0.1, 0.9), test_loss=0.7, unseen=True)
    old = checkpoint(split_fingerprint=SPLIT_AT_RANDOM, metrics=metrics)
    stored = stored_evaluation(save(tmp_path / "old", old.load_model(), old.card, predictions([0, 1], [0, 0])))
    assert stored is not None
    assert stored.doubt == doubt_about(old.card) == "writers that it has seen"
    assert "whoever wrote them also wrote training images, so this figure is not a test accuracy" in stored.sentence


def test_the_slip_that_shares_writers_is_judged_on_its_own_images_and_says_so(
    checkpoint: Callable[..., Checkpoint],
) -> None:
    slips = ("shared_writers",)
    config = TrainingConfig(dataset="digits", model="simple_nn", image_size=28, slips=slips)
    fingerprint = make_split(load("digits"), slips=slips).fingerprint
    verdict = evaluate_checkpoint(checkpoint(config=config, split_fingerprint=fingerprint))
    assert (verdict.n, verdict.unseen, verdict.shared_writers) == (359, True, True)
    assert verdict.doubt == "writers that it has seen"
    assert "not a test accuracy. On other people's writing it is lower" in verdict.sentence


def test_another_data_set_with_the_same_classes_is_no_test_of_its_own(checkpoint: Callable[..., Checkpoint]) -> None:
    verdict = evaluate_checkpoint(checkpoint(dataset="mnist"), dataset="digits")
    # The fingerprint is that of digits here, as if a card had been edited: the same images are then known to be unseen.
    assert verdict.unseen is True
    other = evaluate_checkpoint(checkpoint(dataset="mnist", split_fingerprint="of MNIST"), dataset="digits")
    assert other.unseen is False
    assert "Digits (built in); the model was trained on MNIST" in other.sentence


@pytest.mark.parametrize(
    ("dataset", "words"), [("shapes", "knows 10 classes, .* has 6"), ("fashion_mnist", "'0' stands where .*'T-shirt")]
)
def test_other_classes_are_refused_with_a_sentence(
    checkpoint: Callable[..., Checkpoint], dataset: str, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        evaluate_checkpoint(checkpoint(), dataset=dataset)


def test_an_unknown_data_set_is_refused_with_the_known_ones(checkpoint: Callable[..., Checkpoint]) -> None:
    with pytest.raises(ConfigError, match="no data set 'own'; there is mnist"):
        evaluate_checkpoint(checkpoint(dataset="own"))


def test_a_model_without_eval_is_judged_without_it_and_says_so(checkpoint: Callable[..., Checkpoint]) -> None:
    config = TrainingConfig(dataset="digits", model="simple_nn", image_size=28, slips=("no_eval_mode",))
    assert "Measured in training mode" in evaluate_checkpoint(checkpoint(config=config)).sentence


def test_what_was_stored_is_what_was_measured(checkpoint: Callable[..., Checkpoint], tmp_path: Path) -> None:
    made = checkpoint()
    measured = evaluate_checkpoint(made)
    metrics = Metrics(
        test_accuracy=measured.accuracy,
        test_n=measured.n,
        test_ci95=measured.ci95,
        test_loss=measured.loss,
        unseen=True,
    )
    card = dataclasses.replace(made.card, metrics=metrics)
    stored = stored_evaluation(save(tmp_path / "judged", made.load_model(), card, measured.predictions))
    assert stored is not None
    assert (stored.accuracy, stored.n, stored.ci95, stored.loss) == (
        measured.accuracy,
        measured.n,
        measured.ci95,
        measured.loss,
    )
    assert stored.confusion.tolist() == measured.confusion.tolist()
    assert stored.sentence == measured.sentence


def test_a_checkpoint_that_was_not_judged_has_nothing_stored(checkpoint: Callable[..., Checkpoint]) -> None:
    assert stored_evaluation(checkpoint()) is None
