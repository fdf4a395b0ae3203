"""What a place really sees: the square of the formula beside what counts in it, by gradients."""

import numpy as np
import streamlit as st

from core.data import availability, datasets
from core.errors import LabError
from core.explain.drawing.colours import Pixels, colour_map
from core.explain.inside.effective_field import EffectiveField, effective_field, random_pictures
from core.explain.inside.layers import Layer, map_layers
from core.explain.inside.receptive_field import outline
from core.models.architecture.receptive_field import Field, receptive_fields
from core.models.input_format import normalise, to_batch
from pages._ui import address, cached
from pages._ui.choose.shown import not_taken
from pages._ui.draw.pictures import contact_sheet, png, show
from pages._ui.frame import choice, empty_state, facts, number, problem, think, try_this
from pages._ui.glossary import term
from pages.learn._architecture.chosen import Drawn

LAYER, OVER = "arch_sees_layer", "arch_sees_over"
IN_ADDRESS = "of"  # the layer
NOISE, IMAGES = "noise", "images"
OVERS = {NOISE: "Noise", IMAGES: "Images of the data set"}
_PICTURES, _LARGE = 32, 96  # pictures, and the side in pixels from which half of them have to do
_SIDE = 300


def sees_section(drawn: Drawn) -> None:
    """Let a layer be chosen, and draw what the place in the middle of its maps sees of the image."""
    st.markdown(
        "The formula gives the square that a place can see. How much each of its pixels counts, gradients tell.",
        help=f"{term('receptive field')} {term('effective receptive field')}",
    )
    layers = {layer.name: layer for layer in _layers(drawn.identity, drawn)}
    if not layers:
        empty_state("This network has no maps: its first layer sees all pixels in one row.")
        return
    wanted = st.session_state.get(LAYER)
    if wanted not in layers:
        st.session_state[LAYER] = first_layer(layers)
        if wanted is not None and address.brings(IN_ADDRESS):
            st.warning(not_taken(IN_ADDRESS, wanted, "this network has no such layer"), icon=":material/link_off:")
    left, right = st.columns(2)
    with left:
        name = st.selectbox(
            "Layer", list(layers), format_func=lambda name: layers[name].title, key=LAYER, persist_state="session"
        )
    with right:
        over = st.segmented_control(
            "Averaged over",
            list(OVERS),
            format_func=lambda over: choice(OVERS[over]),
            default=NOISE,
            required=True,
            key=OVER,
            help="A gradient is of one picture; the mean of many tells of the network.",
            persist_state="session",
        )
    if over == IMAGES and not _images_here(drawn):
        st.caption(
            ":material/info: This network's images are not on this machine, or not yet decoded. Noise stands in."
        )
        over = NOISE
    try:
        _draw(_found(drawn.identity, str(name), str(over), drawn), str(name))
    except LabError as error:
        problem(error)
        return
    try_this(
        "Step through the layers: the square grows by a kernel at a time, and what counts in it more slowly. Then "
        "choose a trained network."
    )
    think(
        "Why do the pixels at the edge of the square count so little?",
        "A pixel in the middle reaches the place on many paths through the layers, one in a corner on a single path. "
        "Many small steps add up to a bell, as the eyes of many dice do: its width grows with the square root of the "
        "number of layers, and the square with the number itself.",
    )


def first_layer(layers: dict[str, Layer]) -> str:
    """Return the layer to begin with: the last one whose maps have a middle to speak of."""
    wide = [name for name, layer in layers.items() if layer.shape[1] >= 5]
    return wide[-1] if wide else next(iter(layers))


@st.cache_data(max_entries=32, show_spinner=False)
def _layers(identity: str, _drawn: Drawn) -> tuple[Layer, ...]:
    return map_layers(_drawn.make(), channels=_drawn.channels, image_size=_drawn.image_size)


def _images_here(drawn: Drawn) -> bool:
    if drawn.dataset not in datasets:
        return False
    return availability(drawn.dataset, drawn.image_size) in ("builtin", "prepared")


@st.cache_resource(max_entries=16, show_spinner="Following what each layer sees …")
def _fields(identity: str, _drawn: Drawn) -> dict[str, Field | None]:
    """The theoretical squares of all layers: of a deep network the longest part of the work, and once for all."""
    return receptive_fields(_drawn.make(), image_size=_drawn.image_size)


@st.cache_data(max_entries=64, show_spinner="Asking for gradients …")
def _found(identity: str, layer: str, over: str, _drawn: Drawn) -> EffectiveField:
    count = _PICTURES if _drawn.image_size < _LARGE else _PICTURES // 4
    if over == IMAGES:
        images = cached.dataset(_drawn.dataset, _drawn.image_size).images
        some = np.ascontiguousarray(images[:: max(1, len(images) // count)][:count])
        batch = normalise(to_batch(some, _drawn.format), _drawn.format)
    else:
        batch = random_pictures(channels=_drawn.channels, image_size=_drawn.image_size, count=count)
    return effective_field(_drawn.make(), batch, layer=layer, field=_fields(identity, _drawn).get(layer))


def _draw(found: EffectiveField, layer: str) -> None:
    box, side = found.box, found.values.shape[0]
    if not found.pixels:
        st.caption(":material/info: The place answers to none of these pictures: all gradients are 0. Try the others.")
        return
    formula = np.zeros((side, side))
    formula[box.top : box.bottom, box.left : box.right] = 1
    tiles: list[Pixels] = [
        outline(colour_map(values, signed=False), box, side=_SIDE) for values in (formula, found.values)
    ]
    theoretical = f"{found.theoretical} px" if found.theoretical is not None else "all px"
    show(
        png(contact_sheet(tiles, columns=2, tile=_SIDE, gap=12)),
        alt=f"Left the square that a place of {layer} can see, {box.height}×{box.width} pixels of the image; right how "
        f"much each of them counts: half of all lies in {found.half}×{found.half}",
        width="content",
        look_for="Left: by the formula every pixel of the frame counts alike. Right: bright counts most, dark hardly. "
        "Stripes are padding.",
    )
    mean = f"The mean over {found.pictures} pictures, for row {found.place[0]}, column {found.place[1]} of the maps."
    alike = round(0.5**0.5 * max(box.height, box.width))
    half = f"The smallest square in the middle that holds half of all. If all counted alike it had about {alike} px."
    facts(
        [
            ("By the formula", theoretical, f"{term('receptive field')} Its side, where no border cuts it."),
            ("What counts", f"{number(found.size, 1)} px", f"{term('effective receptive field')} {mean}"),
            ("Half lies in", f"{found.half} px", half),
        ]
    )
