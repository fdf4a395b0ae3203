"""Choosing a network to look into: a trained one, or one of the lab's architectures before any training."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data import datasets, present_name
from core.errors import LabError
from core.models import build_model, models
from core.models.input_format import InputFormat
from core.recipes import fitting_models, recipe_config
from pages._ui import address, cached, state
from pages._ui.choose.checkpoints import checkpoint_references, choose_checkpoint
from pages._ui.choose.datasets import choose_dataset
from pages._ui.frame import choice, plain, problem
from pages.learn._feature_maps.in_address import OF_A_NETWORK, UNTRAINED, refused

if TYPE_CHECKING:
    from torch import nn

    from core.checkpoints import Checkpoint

TRAINED = "trained"
_ASKED, _FIRST = "maps_asked_for_trained", "enhanced_cnn@shapes"
_FOLD, _UNFOLD = "maps_network_fold", "maps_network_unfold"
_READABLE = ("strided_cnn", "enhanced_cnn", "lenet")  # few layers, one after the other, each of which learned
_NAMES = {TRAINED: "A trained network", UNTRAINED: "An untrained one"}


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network in eval mode that is shared by all students, and what it takes and gives.

    ``identity`` tells it from every other network, for caches. ``dataset`` may be one that this lab does not know.
    ``checkpoint`` is that of a trained network.
    """

    model: "nn.Module"
    format: InputFormat
    classes: tuple[str, ...]
    title: str
    dataset: str
    identity: str
    checkpoint: "Checkpoint | None" = None

    @property
    def trained(self) -> bool:
        """Whether it has learned something."""
        return self.checkpoint is not None


def network_fold() -> DeltaGenerator:
    """Return the fold in which the network is chosen; it is open where a link names one that may have to be refused."""
    if st.session_state.pop(_UNFOLD, False) or address.brings(UNTRAINED):
        st.session_state[_FOLD] = True
    return st.expander("Choose another network", icon=":material/account_tree:", key=_FOLD, on_change="rerun")


def unfold() -> None:
    """Open the fold, in which stands why there is no network; the page is drawn anew where it was closed."""
    if not st.session_state.get(_FOLD):
        st.session_state[_UNFOLD] = True
        st.rerun()


def choose_network(*, key: str) -> Network | None:
    """Offer trained and untrained networks; None after a sentence where there is none to show."""
    if address.brings(state.CHECKPOINT) and UNTRAINED not in st.query_params:
        address.write(UNTRAINED, None)
    wanted = address.read(UNTRAINED)
    some = st.session_state.get(_ASKED) or checkpoint_references()  # who asks where there is none is told so
    st.session_state[f"{key}_source"] = UNTRAINED if wanted or not some else TRAINED
    source = st.segmented_control(
        "Look into",
        list(_NAMES),
        format_func=lambda source: choice(_NAMES[source]),
        required=True,
        key=f"{key}_source",
        on_change=lambda: _turn_to(st.session_state[f"{key}_source"], key),
        help="An untrained network has random weights. Comparing the two shows what training has changed.",
    )
    try:
        return _trained() if source == TRAINED else _untrained(key, wanted)
    except LabError as error:
        problem(error)
        return None


def _turn_to(source: str, key: str) -> None:
    """Write into the address that trained networks are looked at, or which untrained one."""
    st.session_state[_ASKED] = source == TRAINED
    before = st.session_state.get(f"{key}_before", _FIRST)
    address.write_together({**dict.fromkeys(OF_A_NETWORK), UNTRAINED: before if source == UNTRAINED else None})


def _trained() -> Network | None:
    checkpoint = choose_checkpoint(prefer=lambda card: card.model in _READABLE, forget=OF_A_NETWORK)
    if checkpoint is None:
        return None
    card = checkpoint.card
    return Network(
        model=cached.model(checkpoint),
        format=checkpoint.format,
        classes=card.classes,
        title=card.title,
        dataset=card.dataset,
        identity=card.identity,
        checkpoint=checkpoint,
    )


def _untrained(key: str, wanted: str | None) -> Network:
    model, dataset = _named(wanted)
    if model is not None and dataset is not None and address.read(UNTRAINED) != st.session_state.get(f"{key}_before"):
        st.session_state[f"{key}_dataset"], st.session_state[f"{key}_model_{dataset}"] = dataset, model
    elif wanted is not None and model is None:
        refused(
            UNTRAINED,
            f"The address names no network of this lab: '{plain(wanted[:60])}'. Choose an architecture and a data set "
            "below.",
        )
    left, right = st.columns(2)
    with left:
        dataset = choose_dataset(key=f"{key}_dataset", label="Made for", default="shapes", needs_images=False)
    fitting = fitting_models(dataset)
    with right:
        model = st.selectbox(
            "Architecture",
            fitting,
            index=fitting.index("enhanced_cnn") if "enhanced_cnn" in fitting else 0,
            format_func=lambda name: models[name].title,
            key=f"{key}_model_{dataset}",
            help="Those that take this data set's images.",
            persist_state="session",
        )
    st.caption(f"{models[model].summary} Its weights are random: nothing has been learned yet.")
    now = f"{model}@{dataset}"
    before = st.session_state.get(f"{key}_before")
    st.session_state[f"{key}_before"] = now
    if wanted != now:
        of_another = before is not None and before != now
        address.write_together({**(dict.fromkeys(OF_A_NETWORK) if of_another else {}), UNTRAINED: now})
    return _random_network(model, present_name(dataset))


def _named(wanted: str | None) -> tuple[str | None, str | None]:
    """Return the architecture and the data set of "lenet@cifar10" where both are there and fit."""
    model, _, dataset = (wanted or "").partition("@")
    try:
        return (model, dataset) if dataset in datasets and model in fitting_models(dataset) else (None, None)
    except LabError:
        return None, None


@st.cache_resource(max_entries=12, show_spinner=False)
def _random_network(model: str, dataset: str) -> Network:
    config = recipe_config("notebook", dataset=dataset, model=model)
    spec = datasets[dataset]
    channels = models[model].channels(spec.channels)
    network = build_model(
        model,
        channels=channels,
        image_size=config.image_size,
        classes=len(spec.classes),
        arguments=config.model_arguments,
    )
    return Network(
        model=network.eval(),
        format=InputFormat(channels=channels, size=config.image_size, mean=(0.5,) * channels, std=(0.5,) * channels),
        classes=spec.classes,
        title=f"{models[model].title}, untrained",
        dataset=dataset,
        identity=f"untrained {model} for {dataset}",
    )
