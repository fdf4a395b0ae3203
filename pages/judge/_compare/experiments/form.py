"""Setting an experiment up: one thing is varied, for one network or for several, each with several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import streamlit as st

from core.config import TrainingConfig
from core.data import availability, datasets, published_parts
from core.errors import ConfigError, LabError
from core.home import home
from core.models import models
from core.names import counted
from core.recipes import config_here, fitting_models
from core.recipes.variations import WithAndWithout, on_so_many_images, parts_of, with_and_without
from core.recipes.words import chain_words
from core.runs import ensure_supervisor, open_store
from core.runs.experiments.kept import begin, train_open
from core.runs.experiments.plan import MOST_SEEDS, Arm, Experiment
from core.runs.records import NAME_LENGTH
from core.transforms import chain_word
from pages._ui import address, state
from pages._ui.choose.chains import Chain, choose_chain, link_to_build
from pages._ui.choose.datasets import choose_dataset, dataset_or_fetch
from pages._ui.choose.run_forecast import longest_words, queue_words, training_images, why_refused
from pages._ui.choose.whole_fields import EPOCHS, LIMIT, optional_value, whole_field
from pages._ui.frame import choice, plain, problem
from pages._ui.glossary import term
from pages._ui.visitor import visitor
from pages.judge._compare.in_address import EXPERIMENT

IMAGES, WITH, CHAINS = "Images", "With and without", "Chains"
MOST_NETWORKS = 3
PERCENTS = (1, 2, 5, 10, 25, 50, 75, 100)
_FIRST_PERCENTS = (10, 25, 50, 100)
_OFFERED = ("lenet", "strided_cnn", "enhanced_cnn")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the form describes: a name for it, what is varied, and the arms."""

    name: str
    varied: str
    arms: Sequence[Arm]


def set_up() -> None:
    """Show the form and the two ways to begin: train all of it now, or leave it for the class to fill."""
    with st.grid(2, min_column_width=220) as grid:
        with grid.cell():
            dataset = choose_dataset(key="experiment_data", default="digits")
        with grid.cell():
            networks = _networks(dataset)
    kind = st.segmented_control(  # in a column of three its first choice is cut off
        "What is varied", [IMAGES, WITH, CHAINS], default=IMAGES, required=True, format_func=choice,
        key="experiment_kind", persist_state="session",
        help="How many images it learns from, one ingredient that is there or is not, or the augmentation.",
    )  # fmt: skip
    if not networks:
        st.caption("Choose a network.")
        return
    if availability(dataset) == "hub":
        dataset_or_fetch(dataset)
        return
    try:
        bases = _bases(dataset, networks)
        if kind == CHAINS:
            plan = _of_chains(dataset, bases)
        else:
            bases = _augmented(dataset, bases)
            plan = _of_images(dataset, bases) if kind == IMAGES else _of_ingredient(dataset, bases)
    except LabError as error:
        problem(error)
        return
    seeds = st.slider(
        "Seeds", 1, MOST_SEEDS, 3, key="experiment_seeds", persist_state="session", width=320,
        help=f"{term('seed')} From two on there is an interval over the seeds, from three on a p value.",
    )  # fmt: skip
    if plan is not None:
        _begin(plan, tuple(range(seeds)))


def _networks(dataset: str) -> list[str]:
    fitting = fitting_models(dataset)
    return st.multiselect(
        "Networks",
        fitting,
        default=[next((name for name in _OFFERED if name in fitting), fitting[0])],
        format_func=lambda name: models[name].title,
        max_selections=MOST_NETWORKS,
        key=f"experiment_networks.{dataset}",
        help="Each is a line of the chart. One from scratch and one by transfer show what transfer is for.",
        persist_state="session",
    )


def _bases(dataset: str, networks: Sequence[str]) -> dict[str, TrainingConfig]:
    """The modern recipe of each network, by what people read for it."""
    whole_field(EPOCHS, key="experiment_epochs", width=220, empty="as the recipe has it")
    epochs = optional_value(EPOCHS, key="experiment_epochs")
    bases, notes = {}, []
    for name in networks:
        wanted = {} if epochs is None else {"epochs": epochs}
        config, note = config_here("modern", dataset=dataset, model=name, **wanted)
        bases[models[name].title] = config
        notes.append(note)
    for note in dict.fromkeys(filter(None, notes)):
        st.caption(plain(note))
    return bases


def _augmented(dataset: str, bases: dict[str, TrainingConfig]) -> dict[str, TrainingConfig]:
    """The same trainings with the chain that is chosen for them."""
    chains = choose_chain([config.augmentation for config in bases.values()], key=f"experiment.{dataset}")
    return {
        line: replace(config, augmentation=chain) for (line, config), chain in zip(bases.items(), chains, strict=True)
    }


def _count(config: TrainingConfig) -> int | None:
    """How many training images there are: counted, or those of the set as published."""
    count = training_images(config)
    published = published_parts(datasets[config.dataset], slips=config.slips)
    return count if count is not None else published and published[0]


def _of_images(dataset: str, bases: dict[str, TrainingConfig]) -> Plan | None:
    count = _count(next(iter(bases.values())))
    if count is None:
        raise ConfigError("How many training images there are is not known yet; train on this data set once.")
    percents = st.pills(
        f"Share of the {count:,} training images",
        PERCENTS,
        selection_mode="multi",
        default=_FIRST_PERCENTS,
        format_func=lambda one: choice(f"{one} %"),
        key="experiment_percents",
        persist_state="session",
        help="All other images stay where they are: every training is judged on the same test split. Where there are "
        "few images, batches are smaller, so that an epoch still has some sixteen steps.",
    )
    if not percents:
        st.caption("Choose at least one share.")
        return None
    arms = [
        Arm(line=line, label=f"{images:,}", at=images, config=on_so_many_images(config, images, of=count))
        for line, config in bases.items()
        for images in parts_of(count, percents)
    ]
    return Plan(name=_name("How much data", dataset, bases), varied="training images", arms=arms)


def _of_ingredient(dataset: str, bases: dict[str, TrainingConfig]) -> Plan | None:
    whole_field(LIMIT, key="experiment_limit", width=220, empty="all")
    limit = optional_value(LIMIT, key="experiment_limit")
    offered = {}
    for line, config in bases.items():
        count = _count(config)
        fewer = config if limit is None or count is None else on_so_many_images(config, limit, of=count)
        offered[line] = with_and_without(fewer)
    common = reduce(lambda a, b: [name for name in a if name in b], (list(found) for found in offered.values()))
    titles: dict[str, WithAndWithout] = next(iter(offered.values()))
    chosen = st.selectbox(
        "With and without",
        common,
        format_func=lambda name: titles[name].title if name in titles else name,
        key=f"experiment_ingredient.{dataset}.{'.'.join(config.model for config in bases.values())}",
        help="What each of the chosen networks, or its recipe, has or could have.",
        persist_state="session",
    )
    if chosen is None:
        st.caption("These networks have nothing in common that can be left out; choose one of them.")
        return None
    arms = [
        Arm(line=line, label=label, at=None, config=config)
        for line, found in offered.items()
        for label, config in (("with", found[chosen].with_it), ("without", found[chosen].without))
    ]
    title = titles[chosen].title
    return Plan(name=_name(title, dataset, bases), varied=title[:1].lower() + title[1:], arms=arms)


def _of_chains(dataset: str, bases: dict[str, TrainingConfig]) -> Plan | None:
    """Your own chain, the recipe's and none against each other; two that are the same are one."""
    handed = state.training_chain()
    link_to_build()
    arms = []
    for line, config in bases.items():
        chains: dict[str, tuple[str, Chain]] = {}
        for label, chain in (("your own", handed), ("the recipe's", config.augmentation), ("no", ())):
            if chain is not None:
                chains.setdefault(chain_word(chain), (label, chain))
        for label, chain in chains.values():
            arms.append(Arm(line=line, label=label, at=None, config=replace(config, augmentation=chain)))
            st.caption(plain(f"{line}, {label} augmentation: {chain_words(chain)}"))
        if len(chains) < 2:
            st.caption("There is nothing to compare yet; build a chain, and hand it over by 'Train with this chain'.")
            return None
    return Plan(name=_name("Augmentation", dataset, bases), varied="augmentation", arms=arms)


def _name(what: str, dataset: str, bases: dict[str, TrainingConfig]) -> str:
    return f"{what}: {datasets.title_of(dataset)}, {', '.join(bases)}"[:NAME_LENGTH]


def _begin(plan: Plan, seeds: tuple[int, ...]) -> None:
    runs = len(plan.arms) * len(seeds)
    refused = next((why for arm in plan.arms if (why := why_refused(arm.config)) is not None), None)
    with st.container(border=True, key="experiment_go"):
        st.markdown(
            f"**{runs} trainings**: {counted(len(plan.arms), 'value')} with "
            f"{counted(len(seeds), 'seed')} each. A training that is here already counts at once."
        )
        each = longest_words([arm.config for arm in plan.arms])
        st.caption(f"{each and f'The longest: {each[:1].lower()}{each[1:]}'} {queue_words()}")
        refusal = st.container()
        if refused is not None:
            refusal.error(plain(refused), icon=":material/error:")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                "Name of the experiment", key="experiment_name", max_chars=NAME_LENGTH, placeholder=plan.name,
                help="To find it again. Empty: as suggested.",
            )  # fmt: skip
            all_now = st.button(
                f"Train all {runs}", type="primary", icon=":material/experiment:", key="experiment_train",
                disabled=refused is not None,
            )  # fmt: skip
            later = st.button(
                "Leave it to the class", icon=":material/groups:", key="experiment_leave", disabled=refused is not None,
                help="It begins empty; everybody who opens its address trains a point or more.",
            )  # fmt: skip
        if (all_now or later) and refused is None:  # a button that is off can be pressed by hand
            with refusal:
                _keep(plan, name or plan.name, seeds, train=all_now)


def _keep(plan: Plan, name: str, seeds: tuple[int, ...], *, train: bool) -> None:
    """Keep the experiment, queue its runs where that is asked for, and show it."""
    try:
        owner = visitor().owner
        experiment: Experiment = begin(home(), name=name, owner=owner, varied=plan.varied, arms=plan.arms, seeds=seeds)
        address.write(EXPERIMENT, experiment.id)
        if train:
            train_open(open_store(), experiment, owner=owner)
            ensure_supervisor(open_store())
    except LabError as error:
        problem(error)
        return
    st.rerun()
