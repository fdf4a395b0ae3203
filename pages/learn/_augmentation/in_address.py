"""What the Augmentation page keeps in its address: the view, the chain, the seed, and what each view is set to.

A link, and Back and Forward, set the widgets before they are drawn; what they hold afterwards is written as one step of
the browser's history. Networks and runs stand there as well, each written where it is chosen. The photo is the
student's own and does not go along.
"""

from collections.abc import Mapping

from core.config import AugmentationStep
from core.data import datasets
from core.errors import ConfigError
from core.explain.augmentation.label_safety import RISKS
from core.explain.augmentation.sweep import SWEEPS
from core.models import models
from core.registry import Setting
from core.transforms import COURSE_CHAIN, chain_from_word, chain_word
from pages._ui import state
from pages._ui.choose import shown
from pages._ui.choose.shown import Shown, Typed, by_name, not_taken
from pages._ui.choose.whole_fields import EPOCHS, LIMIT
from pages.learn._augmentation import keys
from pages.learn._augmentation.arms import section as arms
from pages.learn._augmentation.chain.draws_section import COUNT
from pages.learn._augmentation.chain.editor import MOST_STEPS, chain_of_session, set_chain
from pages.learn._augmentation.chain.format import SEEDS
from pages.learn._augmentation.views import VIEWS

CHAIN = "chain"
_KEPT = "chain_in_address"
_MOST = 2**31 - 1


def _shown() -> dict[str, Shown]:
    """Every parameter by its name; own sets come and go, so the data sets are those of this moment."""
    sets = by_name(datasets)
    return {
        "look": Shown(key=keys.TABS, first=VIEWS["draws"], options=VIEWS),
        "data": Shown(key=keys.DATASET, first="cats_vs_dogs", options=sets),
        "seed": _typed(state.CHAIN_SEED, 0, SEEDS),
        "draw": Shown(key=keys.WHICH, first=1, low=1, high=COUNT),
        "of": Shown(key=keys.SAFETY_DATASET, first="digits", options=sets),
        "change": Shown(key=keys.SAFETY_RISK, first="half", options=by_name(RISKS)),
        "images": Shown(key=keys.SAFETY_IMAGES, first=0, high=_MOST),
        "sweep": Shown(key=keys.SWEEP, first="angle", options=by_name(SWEEPS)),
        "at": Shown(key=keys.SWEPT_TO, first=None, low=-1_000, high=1_000),
        "train": Shown(key=keys.ARMS_DATASET, first="digits", options=sets),
        "net": Shown(key=keys.ARMS_MODEL, first="lenet", options=by_name(models)),
        "epochs": _typed(keys.ARMS_EPOCHS, None, EPOCHS),
        "limit": _typed(keys.ARMS_LIMIT, None, LIMIT),
        "arms_seed": _typed(keys.ARMS_SEED, 0, arms.SEED),
        "batch": Typed(key=keys.SEEN_BATCH, first=1, low=1, high=_MOST),
    }


def _typed(key: str, first: int | None, setting: Setting) -> Typed:
    return Typed(key=key, first=first, low=setting.low or 0, high=setting.high or 0, whole=True)


def take() -> None:
    """Set the widgets to what a link, Back or Forward brings, or to what they were before another page was visited.

    What is not one of their values is said, and the first one is shown instead.
    """
    shown.take((CHAIN, *_shown()), kept=_KEPT, put=_set, written=_written)


def keep() -> None:
    """Write into the address what the widgets hold now."""
    shown.keep(_written(), kept=_KEPT)


def _written() -> dict[str, str | None]:
    values = shown.written(_shown())
    word = chain_word(chain_of_session())
    values[CHAIN] = None if word == chain_word(COURSE_CHAIN) else word
    return values


def _set(given: Mapping[str, str]) -> list[str]:
    """Set every widget by the texts of the address, and return a sentence for each that it cannot be set to."""
    refused = shown.put_all(_shown(), given)
    chain = COURSE_CHAIN
    try:
        chain = _chain(given[CHAIN]) if CHAIN in given else COURSE_CHAIN
    except ConfigError as error:
        refused.append(not_taken(CHAIN, given[CHAIN], str(error)))
    if chain_word(chain) != chain_word(chain_of_session()):
        set_chain(chain)
    return refused


def _chain(word: str) -> tuple[AugmentationStep, ...]:
    chain = chain_from_word(word)
    if len(chain) > MOST_STEPS:
        raise ConfigError(f"it has {len(chain)} steps, and {MOST_STEPS} can be edited here")
    return chain
