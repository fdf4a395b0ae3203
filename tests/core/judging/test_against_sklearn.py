"""The verdict on every network that ships, from its stored predictions, against scikit-learn's confusion and report."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix

from core.checkpoints import Checkpoint, shipped
from core.judging.evaluation import judge

NETWORKS = [pytest.param(checkpoint, id=checkpoint.card.name) for checkpoint in shipped()]


@pytest.mark.parametrize("checkpoint", NETWORKS)
def test_confusion_recall_and_accuracy_are_scikit_learns(checkpoint: Checkpoint) -> None:
    card, predictions = checkpoint.card, checkpoint.predictions()
    assert predictions is not None
    truth, answers = predictions.labels, predictions.predicted
    places = range(len(card.classes))
    verdict = judge(predictions, classes=len(card.classes), unseen=True, sentence="")
    assert np.array_equal(verdict.confusion, confusion_matrix(truth, answers, labels=places))
    report = classification_report(truth, answers, labels=places, target_names=card.classes, output_dict=True)
    assert verdict.per_class == pytest.approx([report[name]["recall"] for name in card.classes])
    assert verdict.confusion.sum(1).tolist() == [report[name]["support"] for name in card.classes]
    assert verdict.accuracy == pytest.approx(accuracy_score(truth, answers))
    assert verdict.n == len(truth) == (card.metrics.test_n if card.metrics else 0)
