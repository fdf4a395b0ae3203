"""Why this answer? The tensor that the network receives, and where in it the score of a class comes from."""

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.explain.inside.grad_cam import METHODS, Heat, Method, cam_layers, heat_map, overlay
from core.explain.inside.layers import map_layers
from core.explain.inside.stages import layer_titles, stages
from core.judging.certainty import probability_words
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.draw.pictures import enlarge, show
from pages._ui.frame import choice, number, plain, problem
from pages._ui.glossary import term
from pages._ui.received import in_words, receive_photo
from pages.use._classify.answers import Classified

_SIDE = 360


@st.fragment
def why(checkpoint: Checkpoint, photo: Photo, answer: Classified, *, made: bool) -> None:
    """Show what the network receives of ``photo``, and the heat map of any class; reruns by itself."""
    try:
        given = receive_photo(photo, checkpoint.format, checkpoint.card.dataset, made=made)
    except LabError as error:
        problem(error)
        return
    left, right = st.columns(2, gap="large")
    with left:
        _received(checkpoint, photo, given)
    with right:
        _heat(checkpoint, photo, answer, given)


def _received(checkpoint: Checkpoint, photo: Photo, given: Received) -> None:
    st.markdown("### What the network receives")
    low, high = float(given.batch.min()), float(given.batch.max())
    show(
        denormalise(given.batch, checkpoint.format)[0].numpy(),
        at_least=_SIDE,
        width=_SIDE,
        alt=f"{photo.name} as the network receives it",
        look_for="Could you still tell what it is? What is lost here, the network never sees.",
    )
    channels, side = checkpoint.card.channels, checkpoint.card.image_size
    st.caption(
        f"{in_words(given)} {side}×{side} px, {'grey' if channels == 1 else 'colour'}: a tensor of shape "
        f"(1, {channels}, {side}, {side}). "
        f"Shown un-normalised; the numbers themselves run from {number(low)} to {number(high)}. {term('normalisation')}"
    )


def _heat(checkpoint: Checkpoint, photo: Photo, answer: Classified, given: Received) -> None:
    st.markdown("### Where the score comes from", help=f"{term('HiResCAM')} {term('Grad-CAM')}")
    card = checkpoint.card
    try:
        titles, ends = _layers(card.sha256, checkpoint)
    except LabError as error:
        problem(error)
        return
    picture = st.empty()
    chances = dict(answer.ranking)
    label = st.selectbox(
        "Why, or why not",
        list(chances),
        format_func=lambda name: f"{name} ({probability_words(chances[name])})",
        key=f"why_class_{photo.sha256[:12]}_{card.sha256[:12]}",
        help="Any class: a less likely one shows what speaks for it all the same.",
    )
    layer = st.selectbox(
        "Layer",
        ["", *ends],
        format_func=lambda name: titles[name] if name else "The last one that speaks for it",
        key=f"why_layer_{card.sha256[:12]}",
        persist_state="session",
        help="Early layers see small details sharply, late layers whole parts coarsely.",
    )
    method = st.segmented_control(
        "Method",
        METHODS,
        format_func=choice,
        default=METHODS[0],
        required=True,
        key="why_method",
        help="HiResCAM takes every place of the layer by itself, Grad-CAM the mean of all: often blank.",
        persist_state="session",
    )
    opacity = st.slider("Opacity (%)", 0, 100, 50, 5, key="why_opacity", persist_state="session")
    try:
        heat = _cam(
            card.sha256, photo.sha256, given.notes, card.classes.index(label), method, layer or None, checkpoint, given
        )
    except LabError as error:
        problem(error)
        return
    with picture.container():
        show(
            overlay(enlarge(given.seen, _SIDE), heat.values, opacity / 100),
            at_least=_SIDE,
            width=_SIDE,
            photo=True,
            alt=f"Heat map for {label} from layer {heat.layer} over {photo.name}",
            look_for=_sentence(heat, label, titles),
        )


def _sentence(heat: Heat, label: str, titles: dict[str, str]) -> str:
    asked = [*heat.silent, heat.layer]
    where = f"{titles[heat.layer]}, in the code {heat.layer}"
    if not heat.values.any():
        where = where if len(asked) == 1 else f"any of {len(asked)} layers"
        return plain(f"Nothing in {where} speaks for {label}, so the map is empty ({heat.method}).")
    silent = f"; nothing in {' or '.join(titles[name] for name in heat.silent)} speaks for it" if heat.silent else ""
    return plain(
        f"Bright yellow places raised the score of {label} ({heat.method}; {where}{silent}). "
        "Are they on the thing, or beside it?"
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _layers(sha256: str, _checkpoint: Checkpoint) -> tuple[dict[str, str], list[str]]:
    """Return how each layer is called, by its code name, and those that are offered: what each convolution gives on."""
    card, model = _checkpoint.card, cached.model(_checkpoint)
    able = {layer.name for layer in cam_layers(model, channels=card.channels, image_size=card.image_size)}
    found = stages(map_layers(model, channels=card.channels, image_size=card.image_size))
    last = [list(stage.parts.values())[-1].name for stage in found]
    return layer_titles(found), [name for name in last if name in able]


@st.cache_resource(max_entries=64, show_spinner=False)
def _cam(
    sha256: str,
    photo_sha256: str,
    notes: tuple[str, ...],
    index: int,
    method: Method,
    layer: str | None,
    _checkpoint: Checkpoint,
    _given: Received,
) -> Heat:
    """``notes`` tell a photo that was made like handwriting from the same one as it is."""
    return heat_map(cached.model(_checkpoint), _given.batch, index, method=method, layer=layer)
