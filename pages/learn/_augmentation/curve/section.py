"""Confidence curve: one value of one change is swept, and two networks say how sure they are at every point."""

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints import Checkpoint
from core.data import changing_name
from core.errors import LabError
from core.explain.augmentation.sweep import SWEEPS, Curve, Sweep, curve, swept
from core.judging.certainty import probability_words
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from core.recipes.words import chain_words
from pages._ui import address, cached, state
from pages._ui.choose.checkpoints import choose_checkpoint
from pages._ui.choose.photo import choose_photo, offer_image_of
from pages._ui.choose.samples import Learned, say_where_nothing_fits
from pages._ui.draw.pictures import as_image
from pages._ui.frame import look_for, plain, problem, think, try_this
from pages._ui.glossary import term
from pages._ui.received import offer_making, receive_photo
from pages.learn._augmentation.curve.sweeper import Answered, sweeper
from pages.learn._augmentation.keys import SWEEP, SWEPT_TO
from pages.learn._augmentation.networks import kinds

if TYPE_CHECKING:
    from torch import Tensor

SECOND = "second"  # in the address
_SECOND, _NONE = "curve_second", "none"
LARGEST_TILE = 96  # pixels of a side that are sent of every swept picture
LOSSLESS = 30_000  # bytes of a sheet up to which every pixel is sent as it is


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A network's curve, the pictures that it was given (count, C, S, S) in [0, 1], and who it is."""

    checkpoint: Checkpoint
    curve: Curve
    pictures: "Tensor"


def curve_section(photo_row: DeltaGenerator) -> None:
    """Let network, photo and sweep be chosen; draw the curve of one network, and of a second one over it."""
    st.markdown(
        "Change a picture a little more at each step: how long does a network stay with its answer? What a network "
        "was trained to expect bends its curve.",
        help=term("confidence"),
    )
    left, right = st.columns(2)
    with left:
        checkpoint = choose_checkpoint(prefer=lambda card: card.dataset == "digits", forget=(SECOND,))
    if checkpoint is None:
        return
    with right:
        second = _choose_second(checkpoint)
    card = checkpoint.card
    learned = Learned(dataset=card.dataset, classes=card.classes)
    with photo_row:
        photo = choose_photo(learned)
        say_where_nothing_fits(learned)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sweep = _choose_sweep(checkpoint)
        with st.container(width=160):
            offer_image_of(card.dataset, card.classes)
    made = offer_making(card.dataset)
    try:
        first = _asked(checkpoint, photo, sweep, made=made, size=checkpoint.format.size)
        other = _asked(second, photo, sweep, made=made, size=checkpoint.format.size) if second is not None else None
    except LabError as error:
        problem(error)
        return
    _draw(first, other, sweep, photo)
    try_this("Turn the picture until the answer breaks. Then draw a network over it that was trained to expect turns.")
    think(
        "Why does a network that was trained with turns stay sure for longer, and only up to about their angle?",
        "Augmentation teaches what it shows. Beyond the largest angle of its chain the network has seen as little as "
        "one that was never shown a turn.",
    )


def _choose_second(first: Checkpoint) -> Checkpoint | None:
    """Offer the other networks with the same classes; first come those of the same images that differ in being
    augmented or not."""
    alike = {
        ref: kind
        for ref, kind in kinds().items()
        if kind.classes == first.card.classes and ref not in (first.folder.name, first.folder.parent.name)
    }
    own, chain = changing_name(first.card.dataset), bool(first.card.config.augmentation)
    alike = dict(sorted(alike.items(), key=lambda one: (one[1].dataset != own, one[1].chain == chain)))
    wanted = address.read(SECOND)
    if wanted is not None and wanted != _NONE and wanted not in alike:
        if address.brings(SECOND):
            st.warning(
                "The second network of this address is not here, or has other classes.", icon=":material/link_off:"
            )
        wanted = None
    chosen = wanted or next(iter(alike), _NONE)
    st.session_state[_SECOND] = chosen
    st.selectbox(
        "Second network, drawn over it",
        [*alike, _NONE],
        format_func=lambda ref: alike[ref].title if ref in alike else "none",
        key=_SECOND,
        on_change=lambda: address.write(SECOND, st.session_state[_SECOND]),
        help="One with the same classes, such as one trained with augmentation against one without.",
    )
    if chosen == _NONE:
        st.caption("No other network with these classes is here; With and without trains two.")
        return None
    try:
        return cached.checkpoint(chosen)
    except LabError as error:
        problem(error)
        return None


def _choose_sweep(checkpoint: Checkpoint) -> Sweep:
    offered = [name for name, sweep in SWEEPS.items() if checkpoint.format.channels == 3 or not sweep.colour]
    if st.session_state.get(SWEEP) not in offered:
        st.session_state[SWEEP] = offered[0]
    name = st.selectbox(
        "What is changed",
        offered,
        format_func=lambda name: SWEEPS[name].title,
        key=SWEEP,
        on_change=lambda: st.session_state.update({SWEPT_TO: None}),
        persist_state="session",
    )
    return SWEEPS[str(name)]


def _asked(checkpoint: Checkpoint, photo: Photo, sweep: Sweep, *, made: bool, size: int) -> Asked:
    given = receive_photo(photo, checkpoint.format, checkpoint.card.dataset, made=made)
    return _answer(checkpoint.card.sha256, photo.sha256, given.notes, sweep.title, size, checkpoint, given, sweep)


@st.cache_resource(max_entries=24, show_spinner="The network looks at every step …")  # up to 8 MB each
def _answer(
    sha256: str,
    photo: str,
    notes: tuple[str, ...],
    title: str,
    size: int,
    _checkpoint: Checkpoint,
    _given: Received,
    _sweep: Sweep,
) -> Asked:
    format = _checkpoint.format
    image = denormalise(_given.batch, format)[0].clamp(0, 1)
    pictures = swept(image, _sweep, scale=format.size / size)
    mirrored = _checkpoint.card.config.mirror_at_test
    found = curve(cached.model(_checkpoint), pictures, format, _sweep, mirrored=mirrored)
    return Asked(checkpoint=_checkpoint, curve=found, pictures=pictures)


def _draw(first: Asked, other: Asked | None, sweep: Sweep, photo: Photo) -> None:
    classes = first.checkpoint.card.classes
    label = classes[first.curve.first]
    both = [one for one in (first, other) if one is not None]
    value = st.session_state.get(SWEPT_TO)
    place = sweep.resting if value is None else int(np.argmin([abs(one - value) for one in sweep.values]))

    def rest_at(at: int) -> None:
        st.session_state[SWEPT_TO] = None if at == sweep.resting else sweep.values[at]

    sheet, columns = sheet_of(first.pictures)
    sweeper(
        [
            Answered(
                name=one.checkpoint.card.title,
                probabilities=one.curve.of(one.checkpoint.card.classes.index(label)),
                answers=[one.checkpoint.card.classes[answer] for answer in one.curve.answers],
                sure=[probability_words(float(row.max())) for row in one.curve.probabilities],
                breaks=[at for at in one.curve.breaks() if at is not None],
            )
            for one in both
        ],
        values=[sweep.words(one) for one in sweep.values],
        rest=sweep.resting,
        place=place,
        sheet=sheet,
        columns=columns,
        title=sweep.title,
        label=label,
        of=f"{photo.sha256} {sweep.title} {first.checkpoint.card.sha256}",
        on_rest=rest_at,
        key="curve_sweeper",
    )
    look_for(
        f"The curve is the probability of “{plain(label)}”. A dashed upright line is where a network's answer changes "
        "for the first time."
    )
    for one in both:
        said = where_it_breaks(one.curve, one.checkpoint.card.classes)
        st.markdown(f"**{plain(one.checkpoint.card.title)}** {plain(said)}")
        st.caption(f"Trained with: {plain(chain_words(one.checkpoint.card.config.augmentation))}")
    shows = state.photo_shows()
    if shows and shows in classes and shows != label:
        wrong = f"The picture shows a {plain(shows)}: the first network is wrong before anything is changed."
        st.caption(f":material/error: {wrong}")


def where_it_breaks(curve: Curve, classes: tuple[str, ...]) -> str:
    """Return what a network answers where the picture is as it was, and from where on another thing."""
    sweep, answers = curve.sweep, curve.answers
    sure = probability_words(float(curve.probabilities[sweep.resting].max()))
    said = f"says {classes[curve.first]} ({sure}) to the picture as it is"
    found = []
    for place, way, step in zip(curve.breaks(), ("downwards", "upwards"), (-1, 1), strict=True):
        if place is not None:
            stays = len(set(answers[place::step])) == 1
            found.append(
                f"{classes[answers[place]]} from {sweep.words(sweep.values[place])} {'on ' * stays}{way}"
                f"{'' if stays else ', then something else again'}"
            )
    if not found:
        return f"{said}, and nothing else from {sweep.words(sweep.values[0])} to {sweep.words(sweep.values[-1])}."
    return f"{said}, and {', and '.join(found)}."


def sheet_of(pictures: "Tensor") -> tuple[str, int]:
    """Return every picture (count, C, S, S) in one WebP file, as a data address, and how many there are in a row."""
    images = [as_image(one.numpy()).convert("RGB") for one in pictures]
    if images[0].width > LARGEST_TILE:
        images = [image.resize((LARGEST_TILE, LARGEST_TILE), Image.Resampling.BILINEAR) for image in images]
    side, columns = images[0].width, 8
    whole = Image.new("RGB", (columns * side, -(-len(images) // columns) * side))
    for place, image in enumerate(images):
        whole.paste(image, (place % columns * side, place // columns * side))
    file = io.BytesIO()
    whole.save(file, "WEBP", lossless=True)
    if file.tell() > LOSSLESS:
        file = io.BytesIO()
        whole.save(file, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}", columns
