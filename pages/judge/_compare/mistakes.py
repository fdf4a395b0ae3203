"""What a network gets wrong: the confusion matrix, the images behind a cell, and its most confident mistakes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.intervals import percent
from core.judging.certainty import probability_words
from core.judging.evaluation import Evaluation
from core.models.answers import Predictions
from pages._ui.choose.shown import from_address
from pages._ui.choose.test_images import TestImages, link_where_missing, test_images_or_offer
from pages._ui.draw.pictures import contact_sheet, show
from pages._ui.frame import choice, look_for, plain
from pages.judge._compare import in_address
from pages.judge._compare.confusion_matrix import confusion_matrix
from pages.judge._compare.in_address import CELL, OF
from pages.judge._compare.judged import Judged

OPENED = 40  # images of one cell
WORST = 12


def mistakes(networks: Sequence[Judged]) -> None:
    """Show one network's matrix and mistakes; which one is chosen above them."""
    ready = [network for network in networks if network.evaluation is not None]
    if not ready:
        return
    networks_by = {network.reference: network for network in ready}
    key = f"mistakes_of_{','.join(networks_by)}"
    write = from_address(OF, list(networks_by), key=key, first=ready[0].reference, forget=(CELL,))
    reference = st.segmented_control(
        "Network",
        list(networks_by),
        format_func=lambda reference: choice(plain(networks_by[reference].title)),
        required=True,
        key=key,
        on_change=write,
        label_visibility="collapsed",
    )
    network = networks_by[str(reference)]
    evaluation = network.evaluation
    if evaluation is None:
        return
    pictures = test_images_or_offer(network.checkpoint, key=network.reference)
    left, right = st.columns([3, 2], gap="large")
    with left:
        cell = _matrix(network, evaluation)
    with right:
        _opened(network, evaluation, cell, pictures)
    st.markdown("### Most confident mistakes")
    _worst(network, evaluation, pictures)
    if without := network.without_doubtful:
        right = percent(evaluation.accuracy, 2)
        st.markdown(f":material/rule: {plain(network.title)} is right on {right}. {without.sentence}")


def _matrix(network: Judged, evaluation: Evaluation) -> tuple[int, int] | None:
    classes = network.checkpoint.card.classes
    cell = in_address.cell(len(classes))
    confusion_matrix(
        evaluation.confusion,
        classes,
        chosen=cell,
        on_choose=in_address.write_cell,
        key=f"confusion_{network.reference}",
        alt=f"Confusion matrix of {network.title} on {evaluation.n:,} images",
    )
    look_for("The diagonal is right. A strong orange cell is a pair that the network mixes up: choose it.")
    return cell


def _opened(network: Judged, evaluation: Evaluation, cell: tuple[int, int] | None, pictures: TestImages | str) -> None:
    classes = network.checkpoint.card.classes
    if cell is None:
        wrong = evaluation.confusion * (1 - np.eye(len(classes), dtype=np.int64))
        if not wrong.any():
            st.markdown("It makes no mistake on these images.")
            return
        cell = divmod(int(wrong.argmax()), len(classes))
        st.markdown("**The commonest mistake** (choose a cell to see another):")
    row, column = cell
    predictions = evaluation.predictions
    inside = np.flatnonzero((predictions.labels == row) & (predictions.predicted == column))
    st.markdown(
        f"{plain(classes[row])} recognised: {len(inside):,} images"
        if row == column
        else f"{plain(classes[row])} taken for {plain(classes[column])}: {len(inside):,} images"
    )
    if isinstance(pictures, str):
        st.caption(plain(pictures))
        link_where_missing(network.checkpoint)
        return
    if not len(inside):
        st.caption("No image is in this cell.")
        return
    order = inside[np.argsort(-predictions.confidence[inside], kind="stable")][:OPENED]
    sheet = contact_sheet(_images(pictures, order), columns=min(6, len(order)), tile=72)
    show(
        sheet,
        width="content",
        alt=f"{len(order)} images of {classes[row]} answered {classes[column]}",
        at_least=1,
        look_for=f"The most confident first{f', {OPENED} of {len(inside):,}' if len(inside) > OPENED else ''}. What do "
        "they have in common?",
    )


def _worst(network: Judged, evaluation: Evaluation, pictures: TestImages | str) -> None:
    predictions, classes = evaluation.predictions, network.checkpoint.card.classes
    wrong = np.flatnonzero(predictions.labels != predictions.predicted)
    if not len(wrong):
        st.caption("It makes no mistake on these images.")
        return
    order = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")][:WORST]
    odd = network.doubtful.notes if network.doubtful else {}
    if isinstance(pictures, str):
        st.dataframe(
            [
                {
                    "Test image": index,
                    "True": classes[predictions.labels[index]],
                    "Answer": classes[predictions.predicted[index]],
                    "Confidence": _confidence(predictions, index),
                }
                | ({"Doubt": odd.get(index, "")} if odd else {})
                for index in order.tolist()
            ],
            hide_index=True,
            height="content",
            alt="The most confident mistakes",
        )
        st.caption(plain(pictures))
        return
    with st.grid(6, min_column_width=110):
        for index, image in zip(order.tolist(), _images(pictures, order), strict=True):
            truth, answer = classes[predictions.labels[index]], classes[predictions.predicted[index]]
            show(
                image,
                alt=f"{truth}, answered {answer}",
                at_least=140,
                caption=f"{truth} → {answer}, {_confidence(predictions, index)}",
                badge=odd.get(index, ""),
            )
    look_for("True class → answer, with its confidence. Would you have known? Some labels are wrong, not the network.")


def _confidence(predictions: Predictions, index: int) -> str:
    return probability_words(float(predictions.confidence[index]), off_by=predictions.off_by)


def _images(pictures: TestImages, places: npt.NDArray[np.int64]) -> list[npt.NDArray[np.uint8]]:
    return [np.asarray(pictures.data.images[pictures.indices[place]]) for place in places]
