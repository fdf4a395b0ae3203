"""Where the score of a class comes from: a heat map, its layer and method named, laid over what the network saw."""

from dataclasses import dataclass

import streamlit as st
from PIL import Image

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.explain.inside.grad_cam import METHODS, Heat, Method, cam_layers, heat_map, overlay
from core.explain.inside.layers import map_layers
from core.explain.inside.stages import layer_titles, stages
from core.judging.certainty import probability_words
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.draw.pictures import enlarge, show
from pages._ui.frame import choice, plain, problem
from pages._ui.glossary import term
from pages.use._classify.answers import Classified

SIDE = 360  # pixels


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The heat map that stands on the page: of class ``label``, laid over the picture with this ``opacity``.

    ``titles`` says what each layer is called, by its name in the code.
    """

    heat: Heat
    label: str
    opacity: float
    titles: dict[str, str]


def heat_section(checkpoint: Checkpoint, photo: Photo, answer: Classified, given: Received) -> Shown | None:
    """Let class, layer and method be chosen and show the heat map; None, after a sentence, where there is none."""
    st.markdown("### Where the score comes from", help=f"{term('HiResCAM')} {term('Grad-CAM')}")
    card = checkpoint.card
    try:
        titles, ends = _layers(card.sha256, checkpoint)
    except LabError as error:
        problem(error)
        return None
    picture = st.empty()
    chances = dict(answer.ranking)
    label = st.selectbox(
        "Why, or why not",
        list(chances),
        format_func=lambda name: f"{name} ({probability_words(chances[name])})",
        key=f"why_class_{photo.sha256[:12]}_{card.identity[:12]}",
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
        heat = _cam(  # by name: Streamlit looks the names of others up, each time
            sha256=card.sha256,
            photo_sha256=photo.sha256,
            notes=given.notes,
            index=card.classes.index(label),
            method=method,
            layer=layer or None,
            _checkpoint=checkpoint,
            _given=given,
        )
    except LabError as error:
        problem(error)
        return None
    shown = Shown(heat=heat, label=label, opacity=opacity / 100, titles=titles)
    with picture.container():
        show(
            painted(given, heat, shown.opacity),
            at_least=SIDE,
            width=SIDE,
            photo=True,
            alt=f"Heat map for {label} from layer {heat.layer} over {photo.name}",
            look_for=_sentence(heat, label, titles),
        )
    return shown


def painted(given: Received, heat: Heat, opacity: float) -> Image.Image:
    """Return the heat over what the network was given; a photo, whose pixels nobody counts, is no larger than shown."""
    seen = given.seen
    large = seen.resize((SIDE, SIDE)) if min(seen.size) > SIDE // 2 else enlarge(seen, SIDE)
    return overlay(large, heat.values, opacity)


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
