"""The form of a training: data set × network × recipe × chain, only pairs that fit, and every setting of it."""

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.checkpoints.weight_sources import imagenet_on_hand, source_of
from core.config import PRECISIONS, SLIPS, TrainingConfig
from core.data import datasets
from core.errors import ConfigError
from core.models import models
from core.recipes import RECIPES, fitting_models, recipe_config, weights_here
from core.registry import Setting, Value
from pages._ui import state
from pages._ui.choose.chains import AS_HANDED, AS_RECIPE, choose_chain
from pages._ui.choose.datasets import choose_dataset
from pages._ui.choose.setting_widgets import held, optional_number, settings_form
from pages._ui.choose.whole_fields import LIMIT
from pages._ui.classroom.rules import hides, rules
from pages._ui.frame import PAGES, plain
from pages._ui.glossary import term
from pages.train._training.fields import FIRST, OPTIMIZER, SCHEDULE, START_SIZE
from pages.train._training.lesson.beginning import choose_beginning
from pages.train._training.lesson.slips import choose_slips

FIRST_DATASET = "digits"
_FIRST_LESSON = "lenet"  # on Digits: trained within a lesson, and one of the kind ships to be compared with


def training_form(more: DeltaGenerator) -> TrainingConfig | None:
    """Show the form and return the training that it describes; None where a sentence says what does not fit.

    All but the first settings are folded into ``more``, which may stand elsewhere.
    """
    dataset, model, recipe = _pair()
    key = state.training_form(dataset, model, recipe)
    try:
        base = recipe_config(recipe, dataset=dataset, model=model)
        return _settings(base, key, more)
    except ConfigError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def _pair() -> tuple[str, str, str]:
    held = rules()
    names = [held.dataset] if held.dataset in datasets else None
    recipes = [held.recipe] if held.recipe in RECIPES else list(RECIPES)
    for key, only in ((state.TRAINING_DATASET, names), (state.TRAINING_RECIPE, recipes)):
        if only is not None and len(only) == 1:
            st.session_state[key] = only[0]  # what was chosen before it was pinned
    left, middle, right = st.columns(3, gap="medium")
    with left:
        dataset = choose_dataset(key=state.TRAINING_DATASET, default=FIRST_DATASET, only=names)
        st.caption(plain(datasets[dataset].description))
    with middle:
        model = _network_box(dataset)
        st.caption(plain(models[model].summary))
    with right:
        recipe = st.selectbox(
            "Recipe",
            recipes,
            format_func=_recipe_title,
            key=state.TRAINING_RECIPE,
            help="Starting values for every setting below.",
            persist_state="session",
        )
        st.caption(plain(RECIPES[recipe]))
    return dataset, model, recipe


def first_network(dataset: str) -> str:
    """Return what to begin with: a network to be compared with one that ships, or that makes do with few pictures."""
    fitting = fitting_models(dataset)
    if datasets[dataset].count is not None:
        first = next((name for name in fitting if models[name].transfers and imagenet_on_hand(name)), "")
    else:
        first = _FIRST_LESSON if dataset == FIRST_DATASET else ""
    return first if first in fitting else fitting[0]


def _network_box(dataset: str) -> str:
    """Offer the networks that fit; what was chosen stays where it fits.

    Each data set has a box of its own, because a browser shows a box's old choice when its options change below it.
    """
    fitting = fitting_models(dataset)
    key = state.training_model(dataset)
    if st.session_state.get(state.TRAINING_MODEL) in fitting:
        st.session_state[key] = st.session_state[state.TRAINING_MODEL]
    elif key not in st.session_state:
        st.session_state[key] = first_network(dataset)

    def keep() -> None:
        st.session_state[state.TRAINING_MODEL] = st.session_state[key]

    return st.selectbox(
        "Network",
        fitting,
        format_func=lambda name: models[name].title,
        key=key,
        on_change=keep,
        help="Only networks that take this data set's images.",
    )


def _settings(base: TrainingConfig, key: str, more: DeltaGenerator) -> TrainingConfig:
    if hides("settings"):
        arguments = dict(base.model_arguments) | weights_here(base.model)
        return recipe_config(base.recipe, dataset=base.dataset, model=base.model, model_arguments=arguments)
    fields: dict[str, Any] = dict(_form(FIRST, base, key))
    fields["slips"] = choose_slips(base, key=key)
    fields["begins_from"] = choose_beginning(key=key)
    with more, st.expander("All settings", icon=":material/tune:"):
        images, network, steps, device = st.tabs(
            ["Images and augmentation", "The network", "Optimizer and schedule", "Device"]
        )
        with images:
            fields |= _images(base, key)
        with network:
            arguments = _network(base, key)
        with steps:
            fields |= _steps(base, key)
        with device:
            fields |= _device(base, key)
    return recipe_config(base.recipe, dataset=base.dataset, model=base.model, model_arguments=arguments, **fields)


def _steps(base: TrainingConfig, key: str) -> dict[str, Value]:
    """Optimizer and schedule; what the chosen ones ignore is not shown, and stays as the recipe has it."""
    fields = _form(OPTIMIZER[:1], base, key)
    ignored = ("momentum", "nesterov") if fields["optimizer"] != "sgd" else ()
    fields |= _form(tuple(setting for setting in OPTIMIZER[1:] if setting.name not in ignored), base, key)
    fields |= _form(SCHEDULE[:1], base, key)
    if fields["schedule"] == "step":
        fields |= _form(SCHEDULE[1:], base, key)
    return fields


def _form(settings: tuple[Setting, ...], base: TrainingConfig, key: str) -> dict[str, Value]:
    values = {setting.name: getattr(base, setting.name) for setting in settings}
    typed = tuple(_with_default(setting, values[setting.name]) for setting in settings)
    return settings_form(typed, values, key=key, columns=4 if len(settings) == 4 else 3)


def _with_default(setting: Setting, value: Value) -> Setting:
    return replace(setting, default=value)


def _images(base: TrainingConfig, key: str) -> dict[str, Any]:
    spec = datasets[base.dataset]
    fields: dict[str, Any] = {}
    with st.grid(3, min_column_width=180) as grid:
        fixed = models[base.model].natural_size
        size = Setting(
            name="image_size",
            title="Image side",
            default=base.image_size,
            low=8,
            high=224,
            unit="px",
            help="Images are decoded to this side." + (f" This network is written for {fixed} px." if fixed else ""),
        )
        with grid.cell():
            fields |= settings_form((size,), {}, key=key)
        with grid.cell():
            fields["limit"] = optional_number(LIMIT, base.limit, key=f"{key}.limit", empty="all")
        if spec.channels == 3 and not models[base.model].needs_rgb:
            with grid.cell():
                fields["greyscale"] = st.toggle(
                    "Greyscale",
                    base.greyscale,
                    key=f"{key}.greyscale",
                    help="Feeds one grey channel.",
                    persist_state="session",
                )
        if models[base.model].any_size and not models[base.model].transfers:
            with grid.cell():
                full = int(fields["image_size"])
                fields["start_size"] = optional_number(
                    replace(START_SIZE, high=full),
                    None if base.start_size is None else min(base.start_size, full),
                    key=f"{key}.start_size.{full}",
                    empty="one size",
                )
        with grid.cell():
            fields["mirror_at_test"] = st.toggle(
                "Ask the mirror image as well",
                base.mirror_at_test,
                key=f"{key}.mirror_at_test",
                help="Judged images are seen twice, as they are and mirrored, and the answers are averaged. Not for "
                "digits and letters.",
                persist_state="session",
            )
    (fields["augmentation"],) = choose_chain([base.augmentation], key=key)
    return fields


def fill_form(config: TrainingConfig, base: TrainingConfig) -> None:
    """Set every field of the form for the pair and recipe of ``base`` to what ``config`` says, when next drawn."""
    key = state.training_form(base.dataset, base.model, base.recipe)
    values: dict[str, object] = {
        setting.name: held(getattr(config, setting.name)) for setting in (*FIRST, *OPTIMIZER, *SCHEDULE)
    }
    for name in ("image_size", "limit", "greyscale", "mirror_at_test", "device", "precision"):
        values[name] = held("" if (value := getattr(config, name)) is None else value)
    values[f"start_size.{config.image_size}"] = held(config.start_size or "")
    values |= {"begins_from": config.begins_from, "goes_on": True}
    values |= {f"slip.{slip}": slip in config.slips for slip in SLIPS}
    values |= {f"network.{name}": held(value) for name, value in config.model_arguments.items()}
    if config.augmentation == base.augmentation:
        state.clear_training_chain()
        values["chain.2"] = AS_RECIPE
    else:
        state.set_training_chain(config.augmentation)
        values["chain.3"] = AS_HANDED
    for name, value in values.items():
        st.session_state[f"{key}.{name}"] = value


def _network(base: TrainingConfig, key: str) -> dict[str, Value]:
    settings = models[base.model].settings
    if not settings:
        st.caption("This network has nothing to set: its sizes are written out, as in the course.")
        return {}
    start = dict(base.model_arguments)
    if base.model == "sequential":
        return _layers(base, start, key)
    if "weights" not in {setting.name for setting in settings}:
        return settings_form(settings, start, key=f"{key}.network")
    start |= weights_here(base.model)
    arguments = settings_form(settings, start, key=f"{key}.network")
    st.caption(_where_weights_lie(base.model))
    return arguments


def _layers(base: TrainingConfig, start: dict[str, Value], key: str) -> dict[str, Value]:
    """The chain in a line, and the way to where it is put together."""
    arguments = settings_form(models[base.model].settings, start, key=f"{key}.network", columns=1)
    st.page_link(
        PAGES["architecture"],
        label="Build it on the Architecture page",
        icon=":material/arrow_forward:",
        query_params={"part": "build", "data": base.dataset, "layers": str(arguments["layers"])},
    )
    return arguments


def _where_weights_lie(model: str) -> str:
    source = source_of(model, "imagenet")
    return "The ImageNet weights are on this machine." if source is None or source.on_hand() else source.missing


def _device(base: TrainingConfig, key: str) -> dict[str, Any]:
    from core.compute.devices import best_device

    here = ["auto"]
    for name in ("cuda", "mps", "cpu"):
        try:
            best_device(name)
            here.append(name)
        except ConfigError:
            continue
    device = Setting(
        name="device",
        title="Device",
        choices=tuple(here),
        default=base.device,
        help="auto takes the first there is of CUDA, MPS and the CPU.",
    )
    precision = Setting(
        name="precision",
        title="Precision",
        choices=PRECISIONS,
        default=base.precision,
        help=f"{term('precision')} auto tries both for half a second and takes bfloat16 only where that pays.",
    )
    return dict(settings_form((device, precision), {}, key=key))


def _recipe_title(name: str) -> str:
    titles = {"notebook": "Notebook, made honest", "as_written": "Notebook as written, slips included"}
    return titles.get(name, name.capitalize())
