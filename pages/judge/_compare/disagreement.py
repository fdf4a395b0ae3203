"""Where two networks disagree: the images that only one gets right, each with what spoke for both answers."""

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.errors import ModelError
from core.explain.inside.grad_cam import Heat, heat_map, overlay
from core.judging.certainty import probability_words
from core.judging.comparison import right_alone
from core.models.input_format import normalise, to_batch
from pages._ui import cached
from pages._ui.choose.shown import from_address
from pages._ui.choose.test_images import TestImages, test_images_or_offer
from pages._ui.draw.pictures import as_image, contact_sheet, enlarge, show
from pages._ui.frame import choice, look_for, plain
from pages._ui.glossary import sentence
from pages.judge._compare.in_address import RIGHT
from pages.judge._compare.judged import Judged

A_PAGE = 6  # images
TILE = 192  # pixels of the picture and of each heat map


def disagreement(first: Judged, second: Judged) -> None:
    """Offer the images that one of the two gets right and the other wrong; nothing is computed before it is chosen."""
    pair = {"first": first, "second": second}
    if first.evaluation is None or second.evaluation is None:
        return
    alone = {
        "first": right_alone(first.evaluation, second.evaluation),
        "second": right_alone(second.evaluation, first.evaluation),
    }
    if not any(len(places) for places in alone.values()):
        st.caption("Whatever one of them gets right, the other gets right as well.")
        return
    key = f"disagree_{first.reference}_{second.reference}"
    write = from_address(RIGHT, list(pair), key=key, first=None)
    right = st.pills(
        "Images that only one gets right",
        list(pair),
        format_func=lambda one: choice(f"{len(alone[one]):,}: {plain(pair[one].title)}"),
        key=key,
        on_change=write,
        help="The images that the test looks at: one network is right on them, and the other is not.",
    )
    if right is None:
        st.caption("Choose one to see the images, and what each network looked at.")
        return
    if not len(alone[right]):
        st.caption("There is no such image.")
        return
    pictures = []
    for network in (first, second):
        found = test_images_or_offer(network.checkpoint, key=f"disagree_{network.reference}")
        if isinstance(found, str):
            st.caption(plain(found))
            return
        pictures.append(found)
    _gallery(alone[right], (first, second), (pictures[0], pictures[1]), f"{key}_{right}")


@st.fragment
def _gallery(
    places: npt.NDArray[np.int64], pair: tuple[Judged, Judged], pictures: tuple[TestImages, TestImages], key: str
) -> None:
    """Show a page of the images; turning it draws nothing else anew."""
    look_for(
        f"From left to right the image, then what spoke for the answer of {plain(pair[0].title)}, and of "
        f"{plain(pair[1].title)}: bright yellow places. The surest mistakes come first. {sentence('HiResCAM')}"
    )
    above = st.container()
    pages = math.ceil(len(places) / A_PAGE)
    page = st.pagination(pages, key=f"page_{key}") if pages > 1 else 1
    silent: dict[str, str] = {}
    with above, st.grid(2, min_column_width=320) as grid:
        for place in places[(page - 1) * A_PAGE : page * A_PAGE].tolist():
            with grid.cell().container(border=True):
                _image(place, pair, pictures, silent)
    for title, why in silent.items():
        st.caption(f"{plain(title)}: {plain(why)}")


def _image(
    place: int, pair: tuple[Judged, Judged], pictures: tuple[TestImages, TestImages], silent: dict[str, str]
) -> None:
    """One image with both heat maps; ``silent`` takes the networks that have none, with the sentence why."""
    tiles, answers = [], []
    truth = ""
    for network, tests in zip(pair, pictures, strict=True):
        if network.evaluation is None:
            return
        said, classes = network.evaluation.predictions, network.checkpoint.card.classes
        truth, answer = classes[said.labels[place]], int(said.predicted[place])
        pixels = np.array(tests.data.images[tests.indices[place]])
        seen = enlarge(as_image(pixels), TILE)
        heat = _heat(network.checkpoint.card.sha256, int(tests.indices[place]), answer, network, pixels)
        if isinstance(heat, str):
            silent[network.title] = heat
        tiles += [*([] if tiles else [seen]), seen if isinstance(heat, str) else overlay(seen, heat.values)]
        sure = probability_words(float(said.confidence[place]), off_by=said.off_by)
        verdict = "right" if said.predicted[place] == said.labels[place] else "wrong"
        answers.append((network.title, f"{classes[answer]} ({sure}), {verdict}"))
    words = [f"{title}: {answer}" for title, answer in answers]
    show(
        contact_sheet(tiles, columns=3, tile=TILE),
        alt=f"{truth}, and both heat maps. {'. '.join(words)}",
        photo=True,
        at_least=TILE,
    )
    st.markdown(f"**{plain(truth)}**  \n" + "  \n".join(f"{plain(title)}: {plain(said)}" for title, said in answers))


@st.cache_resource(max_entries=48, show_spinner=False)
def _heat(sha256: str, index: int, answer: int, _network: Judged, _pixels: npt.NDArray[np.uint8]) -> Heat | str:
    """What spoke for a network's answer to image ``index`` of its data, or the sentence why that cannot be told."""
    checkpoint = _network.checkpoint
    batch = normalise(to_batch(_pixels[None], checkpoint.format), checkpoint.format)
    try:
        return heat_map(cached.model(checkpoint), batch, answer)
    except ModelError as error:
        return str(error)
