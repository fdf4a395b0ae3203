"""Counts in, numbers out: how good a model is on images.

What the figure may be called is said by `core.judging.claims`: images are known to be outside training where the split
that the checkpoint names is the split at hand, by its fingerprint.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.checkpoints import Card, Checkpoint, Metrics
from core.checkpoints.backbones import load_network
from core.data import Split, datasets, load, make_split, present_name
from core.errors import DataError, ModelError
from core.intervals import percent, wilson_interval
from core.judging.claims import describe, doubt, shared_writers
from core.models.answers import Predictions, logits_of
from core.models.input_format import InputFormat, normalise, to_batch
from core.seeding import derive_seed

LARGE_BATCH, SMALL_BATCH = 256, 16  # images that are judged at a time
BATCH_PIXELS = 64 * 32**2  # of them, on a CPU

Integers = npt.NDArray[np.int64]
Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A verdict on ``n`` images.

    ``accuracy`` in [0, 1] with its 95 % Wilson interval ``ci95``, ``loss`` in nats, ``confusion`` int64 (K, K) with
    the true class in rows, ``per_class`` the recall of each class (NaN for a class without images). ``unseen`` says
    that the images are known to be outside training, ``shared_writers`` that whoever wrote them also wrote training
    images, ``sentence`` what the figure is or why it may not be called so.
    """

    accuracy: float
    n: int
    ci95: tuple[float, float]
    loss: float
    confusion: Integers
    per_class: tuple[float, ...]
    unseen: bool
    sentence: str
    predictions: Predictions
    shared_writers: bool = False

    @property
    def doubt(self) -> str:
        """Why the figure is no test accuracy, to follow the word "on"; empty where it is one."""
        return doubt(unseen=self.unseen, known_writers=self.shared_writers)

    @property
    def summary(self) -> str:
        """The figure with its interval, n and loss, and then the sentence, on one line."""
        low, high = self.ci95
        figures = f"{percent(self.accuracy, 2)} (95 % interval {percent(low, 2)} to {percent(high, 2)}), "
        figures += f"n = {self.n:,}, loss {self.loss:.4f}."
        return f"{figures} {self.sentence}"

    @property
    def metrics(self) -> Metrics:
        """The verdict as a card records it."""
        return Metrics(
            test_accuracy=self.accuracy,
            test_n=self.n,
            test_ci95=self.ci95,
            test_loss=self.loss,
            unseen=self.unseen,
        )


def predict(
    model: nn.Module,
    images: npt.NDArray[np.uint8],
    labels: Integers,
    format: InputFormat,
    *,
    indices: Integers | None = None,
    eval_mode: bool = True,
    mirrored: bool = False,
    batch_size: int | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Predictions:
    """Return what ``model``, which lives on ``device``, says of uint8 images (N, C, H, W) and their labels (N,).

    ``indices`` chooses images, read ``batch_size`` at a time (default: what the device is quick at, and `LARGE_BATCH`
    without ``eval_mode``, where it decides the answers). ``eval_mode=False`` repeats the notebook's slip: dropout
    drops and BatchNorm uses each batch's own statistics, in batches of mixed order as a shuffled split gives them.
    ``mirrored`` averages the logits of each image and its mirror image. The
    model itself is left as it is, its mode and its running statistics included. Raises DataError where there are no
    images and ModelError where the answers are not finite.
    """
    chosen = np.arange(len(labels)) if indices is None else indices
    order = np.arange(len(chosen)) if eval_mode else np.random.RandomState(0).permutation(len(chosen))
    if batch_size is None:
        batch_size = _quick_batch(torch.device(device), format.size) if eval_mode else LARGE_BATCH
    if not eval_mode or any(module.training for module in model.modules()):
        model = copy.deepcopy(model).train(not eval_mode)

    def answer(places: Integers) -> Tensor:
        batch = normalise(to_batch(images[chosen[places]], format, device), format)
        return logits_of(model, batch, mirrored=mirrored)

    with torch.random.fork_rng(devices=[], enabled=not eval_mode):
        if not eval_mode:
            torch.manual_seed(derive_seed(0, "test", "dropout"))
        return _answers(answer, labels[chosen], order, batch_size, progress)


def _quick_batch(device: torch.device, side: int) -> int:
    """Return how many images at a time a device judges fastest: on a CPU what lies between two layers should fit its
    caches. Of EfficientNet-Lite0 at 128 pixels sixteen at a time are 4.8 times as fast as 256 (two cores), of the
    Enhanced CNN at 32 pixels sixty-four three times."""
    if device.type != "cpu":
        return LARGE_BATCH
    return min(LARGE_BATCH, max(SMALL_BATCH, BATCH_PIXELS // side**2))


def predict_from_features(
    head: nn.Module, features: Tensor, labels: Integers, *, progress: Progress | None = None
) -> Predictions:
    """Return what ``head`` says of N images of which its backbone said ``features``, float32 (N, width) on its device.

    Raises DataError where there are none and ModelError where the answers are not finite.
    """
    return _answers(lambda places: head(features[places]), labels, np.arange(len(labels)), LARGE_BATCH, progress)


def _answers(
    answer: Callable[[Integers], Tensor],
    labels: Integers,
    order: Integers,
    batch_size: int,
    progress: Progress | None,
) -> Predictions:
    """Gather the logits (n, classes) that ``answer`` returns for places among ``labels``, taken in ``order``."""
    if not len(labels):
        raise DataError("There are no images to judge.")
    predicted = np.empty(len(labels), dtype=np.int64)
    confidence = np.empty(len(labels), dtype=np.float32)
    loss = 0.0
    done = 0
    with torch.inference_mode():
        for places in np.array_split(order, math.ceil(len(order) / batch_size)):  # equal parts: never one image alone
            logits = answer(places)
            target = torch.from_numpy(labels[places]).to(logits.device)
            loss += F.cross_entropy(logits, target, reduction="sum").item()
            best = logits.softmax(1).max(1)
            confidence[places], predicted[places] = best.values.cpu().numpy(), best.indices.cpu().numpy()
            done += len(places)
            if progress is not None:
                progress(f"Judging: {done:,} of {len(labels):,} images", done / len(labels))
    if not math.isfinite(loss):
        raise ModelError("The model answers with numbers that are not finite; its training has diverged.")
    return Predictions(labels=labels, predicted=predicted, confidence=confidence, loss=loss / len(labels))


def judge(
    predictions: Predictions, *, classes: int, unseen: bool, sentence: str, shared_writers: bool = False
) -> Evaluation:
    """Return the verdict on ``predictions``; raises DataError where there are none or a class is out of range."""
    labels, predicted = predictions.labels, predictions.predicted
    if not len(labels):
        raise DataError("There are no images to judge.")
    highest = int(max(labels.max(), predicted.max()))
    if highest >= classes:
        raise DataError(f"A label is {highest}, but the model knows {classes} classes, numbered from 0.")
    confusion = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    right = confusion.diagonal()
    counts = zip(right.tolist(), confusion.sum(1).tolist(), strict=True)
    return Evaluation(
        accuracy=int(right.sum()) / len(labels),
        n=len(labels),
        ci95=wilson_interval(int(right.sum()), len(labels)),
        loss=predictions.loss,
        confusion=confusion,
        per_class=tuple(hits / images if images else math.nan for hits, images in counts),
        unseen=unseen,
        sentence=sentence,
        predictions=predictions,
        shared_writers=shared_writers,
    )


def evaluate_checkpoint(
    checkpoint: Checkpoint,
    *,
    dataset: str | None = None,
    split: Split | None = None,
    features: Tensor | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Evaluation:
    """Return the verdict on the test split of the checkpoint's own data set, or of ``dataset``, or of ``split`` of it.

    ``features`` float32 (n, width) is what the network's frozen backbone said of these test images, in their order:
    where it is at hand, its head alone answers. Whether the images are known to be unseen is in the result. Raises
    LabError, one sentence, where the data cannot be had, has other classes, or the weights cannot be trusted.
    """
    card = checkpoint.card
    spec = datasets[present_name(dataset or card.dataset)]
    if spec.classes != card.classes:
        raise DataError(_class_mismatch(card.classes, spec.classes, spec.title))
    data = load(spec.name, size=card.image_size, progress=progress)
    split = split or make_split(data, slips=card.config.slips)
    network = load_network(checkpoint, device)
    if features is not None:
        head = network.get_submodule("head")
        predictions = predict_from_features(head, features.to(device), data.labels[split.test], progress=progress)
    else:
        predictions = predict(
            network,
            data.images,
            data.labels,
            checkpoint.format,
            indices=split.test,
            eval_mode="no_eval_mode" not in card.config.slips,
            mirrored=card.config.mirror_at_test,
            device=device,
            progress=progress,
        )
    return _verdict(card, predictions, unseen=split.fingerprint == card.split_fingerprint, dataset=spec.name)


def stored_evaluation(checkpoint: Checkpoint) -> Evaluation | None:
    """Return the verdict from the predictions stored with the checkpoint, or None where there are none.

    Needs no data and no network. Raises CheckpointError where they are damaged.
    """
    predictions, card = checkpoint.predictions(), checkpoint.card
    if predictions is None or card.metrics is None:
        return None
    return _verdict(card, predictions, unseen=card.metrics.unseen, dataset=card.dataset)


def _verdict(card: Card, predictions: Predictions, *, unseen: bool, dataset: str) -> Evaluation:
    return judge(
        predictions,
        classes=len(card.classes),
        unseen=unseen,
        sentence=describe(card, n=len(predictions.labels), unseen=unseen, dataset=dataset),
        shared_writers=shared_writers(card, dataset),
    )


def _class_mismatch(known: tuple[str, ...], wanted: tuple[str, ...], title: str) -> str:
    if len(known) != len(wanted):
        return (
            f"The model knows {len(known)} classes, {title} has {len(wanted)}; choose a data set with its own classes."
        )
    odd = next((mine, theirs) for mine, theirs in zip(known, wanted, strict=True) if mine != theirs)
    return f"The model's classes are not those of {title}: '{odd[0]}' stands where it has '{odd[1]}'."
