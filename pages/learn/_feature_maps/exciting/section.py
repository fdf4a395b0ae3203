"""What a filter looks for: nine test images in which its map reaches its largest numbers, with the patch it saw."""

import numpy as np
import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.explain.drawing.colours import Pixels
from core.explain.filters.exciting_images import Excited, Exciting, kept_exciting_images, looked_at
from core.explain.inside.receptive_field import field_at, outline
from core.models.architecture.receptive_field import Field
from pages._ui.choose.test_images import TestImages, link_where_missing, test_images_or_offer
from pages._ui.draw.pictures import contact_sheet, jpeg, show
from pages._ui.frame import empty_state, number, plain, problem, think, try_this
from pages._ui.glossary import term
from pages.learn._feature_maps.layer_choice import LayerView
from pages.learn._feature_maps.networks import Network
from pages.learn._feature_maps.place.section import field_of

_LOOKING = "maps_looking"
_TILE = 152


def exciting_section(network: Network, view: LayerView) -> None:
    """Show the images that excite the chosen filter most, or offer to look for them."""
    st.markdown(
        "A filter has no name. What it looks for shows in the images that excite it most: the framed square is all "
        "that its strongest number saw.",
        help=term("receptive field"),
    )
    if network.checkpoint is None:
        st.caption(":material/info: An untrained network looks for nothing yet: choose a trained one, or train one.")
        return
    if view.layer.kind == "Resize":
        st.caption(":material/info: This layer has no filters: step to a convolution.")
        return
    images = test_images_or_offer(network.checkpoint, key=network.identity)
    if isinstance(images, str):
        empty_state(plain(images))
        link_where_missing(network.checkpoint)
        return
    try:
        found = _found(network, network.checkpoint, images)
        if found is not None:
            _show(network, view, images, found)
    except LabError as error:
        problem(error)


def _found(network: Network, checkpoint: Checkpoint, images: TestImages) -> Exciting | None:
    """Return what is known, or look for it where that was asked, with progress; None while nobody has asked."""
    indices = looked_at(images.indices)
    kept = _remembered()
    key = (network.identity, images.data.fingerprint)
    if key not in kept:
        looking = st.session_state.get(_LOOKING) == key
        stop, bar = st.empty(), st.empty()
        if looking:
            stop.button("Stop", key="maps_stop_looking", icon=":material/stop:", on_click=_forget)
            bar.progress(0.0, text="Looking …")

        def tell(text: str, share: float) -> None:
            bar.progress(min(1.0, share), text=f"{text} …")

        found = kept_exciting_images(
            network.model,
            checkpoint.format,
            images.data,
            indices,
            network=checkpoint.card.sha256,
            look=looking,
            progress=tell if looking else None,
        )
        stop.empty()
        bar.empty()
        if found is None:
            st.button(
                "Look for them",
                key="maps_look",
                icon=":material/search:",
                on_click=st.session_state.__setitem__,
                args=(_LOOKING, key),
                help="Once for this network and all its filters; it is kept for everybody.",
            )
            st.caption(f"{len(indices):,} test images are looked at, for all filters of all layers at once.")
            return None
        _forget()
        kept[key] = found
        while len(kept) > 6:
            kept.pop(next(iter(kept)), None)
    return kept[key]


@st.cache_resource(show_spinner=False)
def _remembered() -> dict[tuple[str, str], Exciting]:
    """What was found, of the networks that were looked at last."""
    return {}


def _forget() -> None:
    st.session_state.pop(_LOOKING, None)


def _show(network: Network, view: LayerView, images: TestImages, found: Exciting) -> None:
    excited = found.of(view.layer.name, view.chosen)
    classes = network.classes
    field = field_of(network, view.layer.name)
    tiles = [_tile(network, images, one, field) for one in excited]
    names = [classes[int(images.data.labels[one.index])] for one in excited]
    seen = ", ".join(f"{name} ({number(one.value)})" for name, one in zip(names, excited, strict=True))
    sheet = contact_sheet(tiles, columns=3, tile=_TILE)
    show(
        jpeg(sheet),
        alt=f"The images that excite filter {view.chosen} of {view.layer.name} most, row by row: {seen}",
        caption=f"Filter {view.chosen} of {view.layer.name}, row by row: {seen}",
        width="content",
        look_for="What do the framed squares share, whatever the class? A filter of a deep layer may follow one class.",
    )
    most = max(set(names), key=names.count)
    if excited[0].value <= 0:
        st.caption("This filter answers to none of these images: its largest number is not above 0.")
    else:
        st.caption(
            f"{found.looked_at:,} test images were looked at. {names.count(most)} of these {len(names)} show "
            f"{plain(most)}. The number is the largest one in the map."
        )
    try_this("Compare a filter of the first convolution with one of the last: which of them has a favourite class?")
    think(
        "Does a filter with nine cats find cats?",
        "Not for certain. It finds something that these nine share: an ear, a texture, a colour of the sofa. Nine "
        "images show what excites it most, and nothing of what excites it a little.",
    )


def _tile(network: Network, images: TestImages, one: Excited, field: Field) -> Pixels:
    """Return one image with the patch framed, and the padding it reached into."""
    pixels = np.asarray(images.data.images[one.index]).transpose(1, 2, 0)
    colour = np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
    return outline(colour, field_at(field, one.row, one.col, image_size=network.format.size), side=_TILE)
