"""Through the network's eyes: what it receives of a photo, square by square, and what is wrong with that."""

import numpy as np
import streamlit as st
from PIL import Image

from core.checkpoints import Checkpoint
from core.checkpoints.backbones import measures_its_images
from core.errors import PhotoError
from core.judging.classification import faults
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from pages._ui.draw.pictures import as_image, enlarge, show
from pages._ui.frame import number, plain, problem
from pages._ui.glossary import sentence
from pages._ui.received import in_words

_BEFORE, _AFTER = 168, 360  # pixels
_FINE = 64  # pixels a side: of more, a JPEG has two thirds of the bytes, and is 2 of 255 apart on average
_DIMMED = 0.25  # of the brightness, where the network looks past


def eyes(checkpoint: Checkpoint, photo: Photo, given: Received) -> None:
    """Show the photo, with what is left out dimmed, the tensor that is made of it, and a sentence for each fault."""
    st.markdown("### What the network receives")
    low, high = float(given.batch.min()), float(given.batch.max())
    with st.container(horizontal=True):
        try:
            show(_before(photo.image, given), width=_BEFORE, at_least=_BEFORE, photo=True, alt=f"{photo.name} before")
        except PhotoError as error:
            problem(error)
        show(
            enlarge(as_image(denormalise(given.batch, checkpoint.format)[0].numpy()), _AFTER),
            at_least=_AFTER,
            width=_AFTER,
            photo=checkpoint.card.image_size > _FINE,
            alt=f"{photo.name} as the network receives it",
        )
    found = faults(checkpoint, given)
    for fault in found:
        st.markdown(f":material/report: {plain(fault.sentence)}")
    if not found:
        known = "light, place and shape" if measures_its_images(checkpoint.card.config) else "place and shape"
        st.markdown(f":material/check_circle: Nothing is wrong with it, as far as {known} go.")
    channels, side = checkpoint.card.channels, checkpoint.card.image_size
    st.caption(
        f"{in_words(given)} {side}×{side} px, {'grey' if channels == 1 else 'colour'}: a tensor of shape "
        f"(1, {channels}, {side}, {side}). "
        f"Shown un-normalised; the numbers themselves run from {number(low)} to {number(high)}. "
        f"{sentence('normalisation')}"
    )


def _before(photo: Image.Image, given: Received) -> Image.Image:
    """The photo, small, with what lies outside the centre square dimmed where the rest was cut away."""
    small = photo.copy()
    small.thumbnail((3 * _BEFORE // 2,) * 2)  # fine enough for a screen of high density
    if given.kept == 1:
        return small
    pixels = np.asarray(small) * np.float32(_DIMMED)
    side = min(small.size)
    left, top = (small.width - side) // 2, (small.height - side) // 2
    square = (slice(top, top + side), slice(left, left + side))
    pixels[square] = np.asarray(small)[square]
    return Image.fromarray(pixels.astype(np.uint8))
