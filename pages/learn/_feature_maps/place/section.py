"""One place of a map: what it sees of the photo, and the sum with the learned weights that made its number."""

import numpy as np
import streamlit as st

from core.errors import LabError
from core.explain.drawing.colours import colour_map
from core.explain.drawing.mosaic import full_colour
from core.explain.inside.receptive_field import field_at, layer_field
from core.explain.inside.weighted_sum import place_sum
from core.models.architecture.receptive_field import Field
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import address
from pages._ui.draw.pictures import as_image, jpeg, png
from pages._ui.frame import number, plain, problem, section, think, try_this
from pages._ui.glossary import term
from pages._ui.guidance import progress
from pages.learn._feature_maps import in_address
from pages.learn._feature_maps.in_address import PLACE
from pages.learn._feature_maps.layer_choice import LayerView
from pages.learn._feature_maps.networks import Network
from pages.learn._feature_maps.place.picker import pick_place
from pages.learn._feature_maps.place.sum_section import sum_section
from pages.learn._feature_maps.sections import scale_bar

_SMALL = 64  # pixels a side: a PNG of so few takes less than a JPEG


def place_section(network: Network, photo: Photo, given: Received, view: LayerView) -> None:
    """Let a place of the chosen map be pointed at; show its receptive field and how its number comes about."""
    st.markdown(
        "Every number of a map comes from a square of the photo, its receptive field, and from learned weights.",
        help=term("receptive field"),
    )
    size = network.format.size
    try:
        field = field_of(network, view.layer.name)
    except LabError as error:
        problem(error)
        return
    row, col = _place(view)
    one = view.maps[view.chosen]
    limit = view.limit if view.limit is not None else full_colour([one])
    seen = as_image(denormalise(given.batch, network.format)[0].numpy())
    pick_place(
        map_file=png(as_image(colour_map(one, signed=view.signed, limit=limit or None))),
        map_title=f"Map {view.chosen} of {view.layer.name}: {one.shape[0]}×{one.shape[1]}",
        photo=png(seen) if size <= _SMALL else jpeg(seen),
        photo_title=f"What the network receives: {size}×{size}",
        image_size=size,
        field=field,
        place=(row, col),
        of=f"{network.identity} {view.layer.name} {view.chosen}",
        on_choose=_choose,
        key="maps_place",
    )
    scale_bar(signed=view.signed, limit=limit)
    try_this(what_to_choose(field, image_size=size))
    section(f"How {number(float(one[row, col]), 4)} comes about")
    try:
        found = place_sum(network.model, given.batch, layer=view.layer.name, channel=view.chosen, row=row, col=col)
    except LabError as error:
        problem(error)
        return
    sum_section(found)
    think(
        "Two places of one map: what do their sums share, and what differs?",
        "The weights, the bias and the batch norm are the same everywhere in a map; only the numbers under the window "
        "differ. That is why a filter finds its pattern wherever it lies.",
    )


def what_to_choose(field: Field, *, image_size: int) -> str:
    """Return what to try with the places of maps that see this much of the photo."""
    if len(field.first) == 1:
        return "This map has a single place. Step back to a layer with more of them, and compare what two of them see."
    beyond = field_at(field, 0, 0, image_size=image_size).beyond
    padded = beyond is None or any(beyond)
    corner = "part of its window lies in the padding" if padded else "up to this layer nothing is padded there"
    return f"Choose the upper left corner: {corner}. Then step to a deeper layer and choose again."


def _choose(row: int, col: int) -> None:
    address.write(PLACE, f"{row},{col}")
    progress.done("place")


def field_of(network: Network, layer: str) -> Field:
    """Return what the places of a layer's maps see of the photo; raises ModelError for a layer without maps."""
    return _field(network.identity, layer, network)


@st.cache_resource(max_entries=64, show_spinner=False)
def _field(identity: str, layer: str, _network: Network) -> Field:
    return layer_field(_network.model, layer, image_size=_network.format.size)


def _place(view: LayerView) -> tuple[int, int]:
    """Return the place that the address names, or that of the map's strongest number."""
    one = view.maps[view.chosen]
    height, width = one.shape
    text = address.read(PLACE)
    wanted = in_address.numbers(text)
    if wanted is not None and len(wanted) == 2 and wanted[0] < height and wanted[1] < width:
        return wanted[0], wanted[1]
    row, col = divmod(int(np.abs(one.numpy()).argmax()), width)
    if text is not None:
        in_address.refused(
            PLACE,
            f"The maps have {height}×{width} places; '{plain(text[:20])}' is none of them. The strongest one is shown.",
        )
    return row, col
