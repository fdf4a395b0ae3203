"""Which networks stand side by side: chosen here, kept in the address, never fewer than two at the start."""

from collections.abc import Sequence

import streamlit as st

from core.data import changing_name, datasets
from core.errors import LabError
from pages._ui import address, cached, state
from pages._ui.choose.checkpoints import checkpoint_references, say_what_is_gone, say_what_is_left_out
from pages._ui.choose.datasets import dataset_title
from pages._ui.choose.shown import from_address
from pages._ui.frame import PAGES, empty_state, plain
from pages.judge._compare.in_address import ONLY
from pages.judge._compare.judged import Judged, judged

AT_MOST = 6
_WIDGET = "compared"
MOST_NAMED = 50  # references that are read from the address
_COURSE = (("cats_vs_dogs", "strided_cnn"), ("cats_vs_dogs", "resnet18"))
_FAIR = (("cats_vs_dogs", "strided_cnn"), ("cats_vs_dogs", "efficientnet_lite0"))  # the same images and epochs


def choose_networks() -> list[Judged]:
    """Offer every trained network and return those chosen, each with its verdict where it has one."""
    given = (address.read(state.COMPARED) or "").split(",", MOST_NAMED)[:MOST_NAMED]
    named = [reference for reference in dict.fromkeys(given) if reference]
    titles = checkpoint_references(named)
    if not titles:
        empty_state(
            "There is nothing to compare yet. Train two networks; the built-in digits are the quickest.",
            page="training",
            label="Train a network",
        )
        return []
    here = [reference for reference in named if reference in titles]
    if gone := [reference for reference in named if reference not in titles]:
        say_what_is_gone(gone, "Choose another under Networks.")
    chosen = here[:AT_MOST]
    if len(here) > AT_MOST:
        st.warning(f"The address names {len(here)} networks; the first {AT_MOST} are compared.")
    if not named:
        chosen = _opening_pair()
    if len(chosen) < 2 and not gone:
        chosen = _with_partner(chosen, list(titles))
    offered = _of_one_data_set(list(titles), chosen)
    st.session_state[_WIDGET] = chosen  # what the address says, after Back as well
    st.multiselect(
        "Networks",
        offered,
        format_func=lambda reference: titles[reference],
        key=_WIDGET,
        max_selections=AT_MOST,
        on_change=lambda: address.write(state.COMPARED, ",".join(st.session_state[_WIDGET]) or None),
        placeholder="Choose two or more",
        help="Networks that ship with the lab, and every run that has kept a best epoch.",
    )
    say_what_is_left_out()
    found: list[Judged] = []
    for reference in chosen:
        try:
            found.append(judged(reference, titles[reference]))
        except LabError as error:
            st.error(f"{plain(titles[reference])}: {plain(str(error))}", icon=":material/error:")
    return found


def _opening_pair() -> list[str]:
    """The fair pair where both are here, else what there is of the course's own."""
    fair, course = ([one for one in map(_newest, pairs) if one is not None] for pairs in (_FAIR, _COURSE))
    return fair if len(fair) == 2 else course


def _of_one_data_set(references: list[str], chosen: list[str]) -> list[str]:
    """Offer to narrow the list to one data set; those that are chosen stay."""
    made_for = {
        reference: changing_name(split[0]) for reference in references if (split := _split_of(reference)) is not None
    }
    known = [name for name in datasets if name in made_for.values()]
    if len(known) < 2:
        return references
    write = from_address(ONLY, known, key="compare_only", first=None)
    only = st.pills(
        "Networks for",
        known,
        format_func=lambda name: plain(dataset_title(name)),
        key="compare_only",
        on_change=write,
    )
    return [one for one in references if only is None or one in chosen or made_for.get(one) == only]


def _with_partner(chosen: list[str], references: list[str]) -> list[str]:
    """Add a network that was judged on the same test images, so that there is something to compare.

    Where a network has been chosen and none was, one that was trained on the same data; a network of other data is no
    partner.
    """
    first = {reference: _split_of(reference) for reference in references}
    for one in chosen or references:
        for same in ((lambda a, b: a == b), (lambda a, b: a[0] == b[0])):
            for other in references:
                a, b = first[one], first[other]
                if other != one and a is not None and b is not None and same(a, b):
                    return [one, other]
    return chosen or references[:2]


def _split_of(reference: str) -> tuple[str, str] | None:
    """Data set and split of a network; None where it cannot be read."""
    try:
        card = cached.checkpoint(reference).card
    except LabError:
        return None
    return card.dataset, card.split_fingerprint


def course_comparison(networks: Sequence[Judged]) -> None:
    """Offer the course's own comparison where both networks exist, and the way to train what is missing.

    ``networks`` are those on the page already.
    """
    found = {pair: _newest(pair) for pair in _COURSE}
    with st.container(border=True, key="course_comparison"):
        st.markdown(
            ":material/school: **The course's own comparison:** a small CNN trained from scratch against a ResNet-18 "
            "whose layers are frozen, on cats and dogs."
        )
        missing = [pair for pair, reference in found.items() if reference is None]
        if not missing:
            both = ",".join(str(reference) for reference in found.values())
            if {network.reference for network in networks} == set(found.values()):
                st.caption("This is what stands side by side above.")
            else:
                st.button(
                    "Put them side by side",
                    icon=":material/balance:",
                    on_click=address.write,
                    args=(state.COMPARED, both),
                    key="course_show",
                )
            return
        names = {"strided_cnn": "the small CNN", "resnet18": "the ResNet-18"}
        st.caption("Not trained here yet: " + " and ".join(names[model] for _data, model in missing) + ".")
        for dataset, model in missing:
            if st.button(
                f"Set up the training of {names[model]}", icon=":material/model_training:", key=f"course_{model}"
            ):
                state.propose_training(dataset, model, "modern")
                st.switch_page(PAGES["training"])


def _newest(pair: tuple[str, str]) -> str | None:
    for reference in checkpoint_references():
        try:
            card = cached.checkpoint(reference).card
        except LabError:
            continue
        if (card.dataset, card.model) == pair and card.metrics is not None:
            return reference
    return None
