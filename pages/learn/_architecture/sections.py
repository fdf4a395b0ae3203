"""The sections of the Architecture page: which network, its figures, its diagram and its table."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.checkpoints import Checkpoint
from core.data import datasets
from core.errors import LabError
from core.models import LayerRow, architecture, build_model, models
from core.recipes import fitting_models, recipe_config
from core.registry import Value
from pages._ui import address, cached, state
from pages._ui.choose.checkpoints import choose_checkpoint
from pages._ui.choose.datasets import choose_dataset
from pages._ui.choose.setting_widgets import settings_form
from pages._ui.frame import choice, facts, look_for, problem
from pages._ui.glossary import term
from pages.learn._architecture.diagram import architecture_diagram, what_is_drawn

BUILD, TRAINED = "build", "trained"
_SOURCES = {BUILD: "Build one", TRAINED: "A trained network"}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A network laid out: which of the registry's it is, its rows and its input."""

    model: str
    rows: tuple[LayerRow, ...]
    channels: int
    image_size: int


def choose_architecture() -> Drawn | None:
    """Let a network be built from the registry, or taken from a checkpoint; None after a sentence."""
    if address.brings(state.CHECKPOINT):
        st.session_state["arch_source"] = TRAINED
    source = st.segmented_control(
        "Network",
        list(_SOURCES),
        format_func=lambda source: choice(_SOURCES[source]),
        default=BUILD,
        required=True,
        key="arch_source",
        persist_state="session",
    )
    try:
        return _built() if source == BUILD else _of_a_checkpoint()
    except LabError as error:
        problem(error)
        return None


def _built() -> Drawn:
    left, right = st.columns(2)
    with left:
        dataset = choose_dataset(key="arch_dataset", label="For the images of", default="cifar10", needs_images=False)
    fitting = fitting_models(dataset)
    with right:
        model = st.selectbox(
            "Architecture",
            fitting,
            index=fitting.index("lenet") if "lenet" in fitting else 0,
            format_func=lambda name: models[name].title,
            key=f"arch_model_{dataset}",
            help="Those that take this data set's images.",
            persist_state="session",
        )
    st.caption(models[model].summary)
    config = recipe_config("notebook", dataset=dataset, model=model)
    settings = tuple(setting for setting in models[model].settings if setting.name not in ("weights",))
    values = {setting.name: config.model_arguments.get(setting.name, setting.default) for setting in settings}
    chosen = settings_form(settings, values, key=f"arch_{dataset}_{model}") if settings else {}
    channels = models[model].channels(datasets[dataset].channels)
    rows = _rows(model, channels, config.image_size, len(datasets[dataset].classes), tuple(sorted(chosen.items())))
    return Drawn(model=model, rows=rows, channels=channels, image_size=config.image_size)


@st.cache_data(max_entries=32, show_spinner=False)
def _rows(
    model: str, channels: int, image_size: int, classes: int, arguments: tuple[tuple[str, Value], ...]
) -> tuple[LayerRow, ...]:
    network = build_model(model, channels=channels, image_size=image_size, classes=classes, arguments=dict(arguments))
    return tuple(architecture(network, channels=channels, image_size=image_size))


def _of_a_checkpoint() -> Drawn | None:
    checkpoint = choose_checkpoint()
    if checkpoint is None:
        return None
    card = checkpoint.card
    rows = _rows_of(card.sha256, checkpoint)
    return Drawn(model=card.model, rows=rows, channels=card.channels, image_size=card.image_size)


@st.cache_data(max_entries=32, show_spinner=False)
def _rows_of(sha256: str, _checkpoint: Checkpoint) -> tuple[LayerRow, ...]:
    card = _checkpoint.card
    return tuple(architecture(cached.model(_checkpoint), channels=card.channels, image_size=card.image_size))


def figures_section(drawn: Drawn) -> None:
    """Show the totals."""
    rows = drawn.rows
    parameters = sum(row.parameters for row in rows)
    trainable = sum(row.trainable for row in rows)
    work = sum(row.multiply_adds for row in rows)
    fields = [row.receptive_field for row in rows if row.receptive_field is not None]
    facts(
        [
            ("Parameters", f"{parameters:,}", term("parameters")),
            ("Trainable", f"{trainable:,}", f"{term('parameters')} The rest is frozen: {term('frozen').lower()}"),
            ("Multiply-adds", _short(work), f"For one image. {term('multiply-adds')}"),
            ("Receptive field", f"{fields[-1]} px" if fields else "all px", _reach(fields[-1:], drawn.image_size)),
            ("Weights on disk", _megabytes(4 * parameters), "Four bytes a parameter (float32)."),
        ]
    )


def _reach(last: Sequence[int], image_size: int) -> str:
    """Return the tooltip of the receptive field of the last maps."""
    beyond = f" An image has {image_size}: such a place sees all of it." if last and last[0] >= image_size else ""
    return f"{term('receptive field')} This is the side of the last map's, where no border cuts it.{beyond}"


def _short(count: int) -> str:
    for size, unit in ((10**9, "billion"), (10**6, "million")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:,}"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{size / 2**10:.0f} KB"


def diagram_section(drawn: Drawn) -> None:
    """Draw the network, and say where its weights and its work are."""
    architecture_diagram(drawn.rows, channels=drawn.channels, image_size=drawn.image_size, key="arch_diagram")
    look_for(f"{what_is_drawn(drawn.rows)} {where_the_weights_are(drawn.rows)}")


def where_the_weights_are(rows: Sequence[LayerRow]) -> str:
    """Return a sentence that names the layer with the most parameters and the one with the most work."""
    parameters, work = sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows)
    heavy, busy = max(rows, key=lambda row: row.parameters), max(rows, key=lambda row: row.multiply_adds)
    if not parameters or not work:
        return ""
    return (
        f"{heavy.name} holds {heavy.parameters / parameters:.0%} of the parameters, "
        f"{busy.name} does {busy.multiply_adds / work:.0%} of the multiply-adds."
    )


def table_section(drawn: Drawn) -> None:
    """Show one row a layer."""
    st.dataframe(
        {
            "layer": [row.name for row in drawn.rows],
            "kind": [row.kind for row in drawn.rows],
            "what it does": [row.detail for row in drawn.rows],
            "output": [" × ".join(map(str, row.output_shape)) for row in drawn.rows],
            "parameters": [row.parameters for row in drawn.rows],
            "weights": [_state(row) for row in drawn.rows],
            "multiply-adds": [row.multiply_adds for row in drawn.rows],
            "sees (px)": [
                f"{row.receptive_field}×{row.receptive_field}" if row.receptive_field else "all" for row in drawn.rows
            ],
        },
        hide_index=True,
        alt="Every layer with its output shape, parameters, multiply-adds and receptive field",
        column_config={
            # in pixels: a table that is there already keeps its columns' widths for another network
            "layer": st.column_config.TextColumn(width=24 + 8 * max(len(row.name) for row in drawn.rows)),
            "kind": st.column_config.TextColumn(width=24 + 8 * max(len(row.kind) for row in drawn.rows)),
            "output": st.column_config.TextColumn(help="Channels × rows × columns, or numbers in a row."),
            "parameters": st.column_config.NumberColumn(format="localized", help=term("parameters")),
            "weights": st.column_config.TextColumn(help=term("frozen")),
            "multiply-adds": st.column_config.NumberColumn(format="localized", help=term("multiply-adds")),
            "sees (px)": st.column_config.TextColumn(help=f"{term('receptive field')} A dense layer sees all."),
        },
    )


def _state(row: LayerRow) -> str:
    if not row.parameters:
        return "none"
    if row.trainable == row.parameters:
        return "trainable"
    return f"{row.parameters - row.trainable:,} frozen" if row.trainable else "frozen"
