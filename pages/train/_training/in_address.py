"""What the form of a training keeps in the address of its page: data set, network, recipe, and what was changed.

A link, and Back and Forward, fill the form before it is drawn. A form as it is at first has no parameters, but for
beside a run, so that a reload shows the form and not the run. The name of a run, which somebody has typed, stays out.
"""

import json
from dataclasses import replace
from typing import Any

import streamlit as st

from core.config import TrainingConfig
from core.errors import ConfigError, LabError
from core.models import models
from core.recipes import RECIPES, config_here
from core.registry import check_values
from core.strict_json import NotStrictJsonError, parse_object
from core.transforms.chain import Chain
from pages._ui import address, state
from pages._ui.frame import plain
from pages.train._training.form import FIRST_DATASET, fill_form, first_network

DATA, NETWORK, RECIPE, CHANGED = "data", "network", "recipe", "set"
NAMES = (DATA, NETWORK, RECIPE, CHANGED)
_LONGEST = 4_000  # characters of what was changed
_ARGUMENTS = "model_arguments"


def take() -> None:
    """Fill the form with what a link, Back or Forward brings, and open it; what it cannot mean is said."""
    brought = any(address.brings(name) for name in NAMES)
    if not brought and not (address.is_back_or_forward() and state.RUN not in st.query_params):
        return
    given = {name: st.query_params.get(name, "") for name in NAMES}
    try:
        config = _read(given)
    except LabError as error:
        st.warning(
            f"The address describes no training: {plain(str(error))} The first one is shown instead.",
            icon=":material/link_off:",
        )
        config = _as_the_recipe_has_it("", "", "")
    state.propose_training(config.dataset, config.model, config.recipe)
    fill_form(config, _as_the_recipe_has_it(config.dataset, config.model, config.recipe))


def keep(config: TrainingConfig) -> None:
    """Write the form into the address, in one step of the browser's history.

    Not on arrival, where that step would stand between the visitor and the page they came from.
    """
    if address.has_just_come():
        return
    base = _as_the_recipe_has_it(config.dataset, config.model, config.recipe)
    changed = _changes(config, base)
    first = base == _as_the_recipe_has_it("", "", "") and not changed and state.RUN not in st.query_params
    address.write_together(
        {
            DATA: None if first else config.dataset,
            NETWORK: None if first else config.model,
            RECIPE: None if first else config.recipe,
            CHANGED: json.dumps(changed, separators=(",", ":"), ensure_ascii=False) if changed else None,
        }
    )


def leave() -> None:
    """Take the form out of the address: something else is shown."""
    address.write_together(dict.fromkeys(NAMES))


def _read(given: dict[str, str]) -> TrainingConfig:
    """Return the training that parameters describe; raises LabError for what is none."""
    base = _as_the_recipe_has_it(given[DATA], given[NETWORK], given[RECIPE])
    try:
        changed = parse_object(given[CHANGED], at_most=_LONGEST) if given[CHANGED] else {}
    except NotStrictJsonError as error:
        raise ConfigError(f"'set' cannot be read: {error}.") from None
    named = {"dataset", "model", "recipe"} & set(changed)
    arguments = changed.get(_ARGUMENTS, {})
    if named or not isinstance(arguments, dict):
        raise ConfigError(f"'set' holds {', '.join(sorted(named)) or _ARGUMENTS}, which it cannot change so.")
    fields = json.loads(base.to_json()) | changed
    fields[_ARGUMENTS] = {**json.loads(base.to_json())[_ARGUMENTS], **arguments}
    config = TrainingConfig.from_fields(fields)
    Chain(config.augmentation)  # knows every transform and its bounds
    own = check_values(models[config.model].settings, config.model_arguments, of=config.model)
    return replace(config, model_arguments=own)


def _as_the_recipe_has_it(dataset: str, model: str, recipe: str) -> TrainingConfig:
    """Return what the form begins with for a pair and recipe, every argument of the network written out."""
    dataset = dataset or FIRST_DATASET
    model = model or first_network(dataset)
    base, _instead = config_here(recipe or next(iter(RECIPES)), dataset=dataset, model=model)
    return replace(base, model_arguments=check_values(models[model].settings, base.model_arguments, of=model))


def _changes(config: TrainingConfig, base: TrainingConfig) -> dict[str, Any]:
    """Return the fields that differ, as JSON has them; of the network's arguments only those that do."""
    now, before = (json.loads(one.to_json()) for one in (config, base))
    changed = {name: value for name, value in now.items() if value != before[name]}
    if _ARGUMENTS in changed:
        own = {name: value for name, value in now[_ARGUMENTS].items() if value != before[_ARGUMENTS].get(name)}
        changed[_ARGUMENTS] = own
        if not own:
            del changed[_ARGUMENTS]
    return changed
