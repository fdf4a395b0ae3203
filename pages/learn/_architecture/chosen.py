"""Which network is shown: one of the lab's, made for a data set; a trained one; or the layers of one's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.checkpoints import Checkpoint
from core.data import datasets, present_name
from core.errors import LabError
from core.models import LayerRow, architecture, build_model, models
from core.models.input_format import InputFormat
from core.models.sequential.table import layer_rows
from core.recipes import fitting_models, recipe_config
from core.registry import Setting, Value
from pages._ui import cached
from pages._ui.choose.checkpoints import choose_checkpoint
from pages._ui.choose.datasets import choose_dataset
from pages._ui.choose.setting_widgets import any_number, settings_form, whole_number, whole_numbers
from pages._ui.frame import choice, problem
from pages.learn._architecture.build import chain

if TYPE_CHECKING:
    from torch import nn

LAB, TRAINED, OWN = "lab", "trained", "own"
SOURCES = {LAB: "One of the lab's", TRAINED: "A trained network", OWN: "Your own layers"}
SOURCE, DATASET = "arch_source", "arch_dataset"
FIRST_DATASET, FIRST_MODEL = "cifar10", "lenet"


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A network laid out: which of the registry's it is, its rows and its input.

    ``make`` gives the network itself in eval mode, shared by all students; ``identity`` tells it from others.
    """

    model: str
    rows: tuple[LayerRow, ...]
    format: InputFormat
    dataset: str
    identity: str
    make: "Callable[[], nn.Module]"

    @property
    def channels(self) -> int:
        """Of an image."""
        return self.format.channels

    @property
    def image_size(self) -> int:
        """The side of an image in pixels."""
        return self.format.size


def model_key(dataset: str) -> str:
    """Return the key of the box in which the network for a data set is chosen."""
    return f"arch_model_{dataset}"


def architectures(dataset: str) -> list[str]:
    """Return the lab's own networks that take this data set's images."""
    return [name for name in fitting_models(dataset) if name != "sequential"]


def choose_architecture(*, on_turn: Callable[[], None]) -> Drawn | None:
    """Let one of the lab's networks, a trained one, or one's own layers be chosen; None after a sentence.

    ``on_turn`` is called when another of these three is chosen, before the page is drawn.
    """
    source = st.segmented_control(
        "Network",
        list(SOURCES),
        format_func=lambda source: choice(SOURCES[source]),
        default=LAB,
        required=True,
        key=SOURCE,
        on_change=on_turn,
        persist_state="session",
    )
    try:
        if source == TRAINED:
            return _of_a_checkpoint()
        return _of_the_lab() if source == LAB else _of_ones_own()
    except LabError as error:
        problem(error)
        return None


def _of_the_lab() -> Drawn:
    left, right = st.columns(2)
    with left:
        dataset = choose_dataset(key=DATASET, label="For the images of", default=FIRST_DATASET, needs_images=False)
    fitting = architectures(dataset)
    with right:
        model = st.selectbox(
            "Architecture",
            fitting,
            index=fitting.index(FIRST_MODEL) if FIRST_MODEL in fitting else 0,
            format_func=lambda name: models[name].title,
            key=model_key(dataset),
            help="Those that take this data set's images.",
            persist_state="session",
        )
    st.caption(models[model].summary)
    settings, start = settings_and_start(dataset, model)
    chosen = settings_form(settings, start, key=f"arch_{dataset}_{model}") if settings else {}
    size = recipe_config("notebook", dataset=dataset, model=model).image_size
    return untrained(model, dataset, size, chosen)


def settings_and_start(dataset: str, model: str) -> tuple[tuple[Setting, ...], dict[str, Value]]:
    """Return what can be set of a network here, and what it is set to at first for a data set."""
    arguments = recipe_config("notebook", dataset=dataset, model=model).model_arguments
    settings = tuple(setting for setting in models[model].settings if setting.name != "weights")
    return settings, {setting.name: arguments.get(setting.name, setting.default) for setting in settings}


def setting_key(dataset: str, model: str, name: str) -> str:
    """Return the key of the field in which a setting of a network is."""
    return f"arch_{dataset}_{model}.{name}"


def meant(setting: Setting, held: object) -> Value:
    """Return the value that a setting's field means by what it holds; raises ConfigError where it means none."""
    if isinstance(held, str) and isinstance(setting.default, tuple):
        return setting.check(whole_numbers(held, of=setting.title))
    if isinstance(held, str) and isinstance(setting.default, float):
        return setting.check(any_number(held, of=setting.title))
    if isinstance(held, str) and type(setting.default) is int:
        return setting.check(whole_number(held, of=setting.title))
    return setting.check(held)


def _of_ones_own() -> Drawn | None:
    drawn = ones_own()
    if drawn is None:
        st.caption(":material/info: These layers are no network yet. **Build your own** says at which one, and why.")
    return drawn


def ones_own() -> Drawn | None:
    """Return the chain of this session as a network; None where it is none yet."""
    size, sizes = chain.image_size(), chain.sizes()
    if size is None or sizes is None or sizes.problem:
        return None
    channels, arguments = datasets[chain.dataset()].channels, {"layers": chain.line()}
    rows = layer_rows(sizes, channels=channels, image_size=size)
    return untrained("sequential", chain.dataset(), size, arguments, rows)


def untrained(
    model: str,
    dataset: str,
    image_size: int,
    arguments: Mapping[str, Value],
    rows: tuple[LayerRow, ...] | None = None,
) -> Drawn:
    """Return a network of the registry with random weights; raises LabError where there is none such."""
    channels, classes = models[model].channels(datasets[dataset].channels), len(datasets[dataset].classes)
    told = (model, channels, image_size, classes, tuple(sorted(arguments.items())))
    return Drawn(
        model=model,
        rows=rows or _rows(*told),
        format=InputFormat(channels=channels, size=image_size, mean=(0.5,) * channels, std=(0.5,) * channels),
        dataset=present_name(dataset),
        identity=repr(told),
        make=lambda: _network(*told),
    )


_Arguments = tuple[tuple[str, Value], ...]


@st.cache_resource(max_entries=4, show_spinner=False)
def _network(model: str, channels: int, image_size: int, classes: int, arguments: _Arguments) -> "nn.Module":
    network = build_model(model, channels=channels, image_size=image_size, classes=classes, arguments=dict(arguments))
    return network.eval()


@st.cache_data(max_entries=32, show_spinner=False)
def _rows(model: str, channels: int, image_size: int, classes: int, arguments: _Arguments) -> tuple[LayerRow, ...]:
    network = build_model(model, channels=channels, image_size=image_size, classes=classes, arguments=dict(arguments))
    return tuple(architecture(network, channels=channels, image_size=image_size))


def _of_a_checkpoint() -> Drawn | None:
    checkpoint = choose_checkpoint()
    if checkpoint is None:
        return None
    card = checkpoint.card
    return Drawn(
        model=card.model,
        rows=_rows_of(card.sha256, checkpoint),
        format=checkpoint.format,
        dataset=card.dataset,
        identity=card.sha256,
        make=lambda: cached.model(checkpoint),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _rows_of(sha256: str, _checkpoint: Checkpoint) -> tuple[LayerRow, ...]:
    card = _checkpoint.card
    return tuple(architecture(cached.model(_checkpoint), channels=card.channels, image_size=card.image_size))
