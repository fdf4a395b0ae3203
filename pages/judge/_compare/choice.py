"""Which networks stand side by side: chosen here, kept in the address, never fewer than two at the start."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.data import changing_name, datasets
from core.errors import LabError
from pages._ui import address, state
from pages._ui.choose.checkpoints import checkpoint_references, say_what_is_gone, say_what_is_left_out
from pages._ui.choose.datasets import dataset_titles
from pages._ui.choose.shown import from_address
from pages._ui.frame import PAGES, empty_state, look_for, plain
from pages._ui.run_table.networks import nearness, network_rows
from pages._ui.run_table.rows import Row
from pages._ui.run_table.table import OF_NETWORKS, Group, run_table
from pages._ui.visitor import visitors_id
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
    rows = network_rows()
    chosen = here[:AT_MOST]
    if len(here) > AT_MOST:
        st.warning(f"The address names {len(here)} networks; the first {AT_MOST} are compared.")
    if not named:
        chosen = _opening_pair(rows)
    if len(chosen) < 2 and not gone:
        chosen = _with_partner(chosen, rows)
        titles = checkpoint_references(chosen)
        chosen = [reference for reference in chosen if reference in titles]
    offered = _of_one_data_set(_nearest_first(list(titles), chosen, rows), chosen, rows)
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
    say_what_is_left_out("is in the table")
    _offer_table(chosen, rows)
    found: list[Judged] = []
    for reference in chosen:
        try:
            found.append(judged(reference, titles[reference]))
        except LabError as error:
            st.error(f"{plain(titles[reference])}: {plain(str(error))}", icon=":material/error:")
    return found


def _offer_table(chosen: list[str], rows: Mapping[str, Row]) -> None:
    """Offer every network in a table; those that the first of ``chosen`` can be compared with come first."""
    fold = st.expander("Choose from a table", icon=":material/table:", key="compare_table_fold", on_change="rerun")
    if not fold.open:
        return
    first = rows.get(chosen[0]) if chosen else None
    groups: list[list[Row]] = [[], [], []]
    for row in rows.values():
        groups[2 if first is None else nearness(row, first)].append(row)
    title = first.name if first else ""
    titles = (f"Same test images as {title}", "Same data set, other test images", "Other data" if first else "")
    with fold:
        run_table(
            [Group(title=title, rows=group) for title, group in zip(titles, groups, strict=True) if group],
            columns=OF_NETWORKS,
            you=visitors_id(),
            key="compare_table",
            alt="All trained networks",
            chosen=chosen,
            at_most=AT_MOST,
            on_choose=lambda references: address.write(state.COMPARED, ",".join(references) or None),
        )
        look_for("A click on a row takes it into the comparison, another one takes it out.")


def _opening_pair(rows: Mapping[str, Row]) -> list[str]:
    """The fair pair where both are here, else what there is of the course's own."""
    fair, course = ([one for pair in pairs if (one := _newest(pair, rows)) is not None] for pairs in (_FAIR, _COURSE))
    return fair if len(fair) == 2 else course


def _nearest_first(references: list[str], chosen: list[str], rows: Mapping[str, Row]) -> list[str]:
    """Networks in the order in which they can be compared with the first one that is chosen: same test images first."""
    first = rows.get(chosen[0]) if chosen else None
    if first is None:
        return references
    return sorted(references, key=lambda one: nearness(rows[one], first) if one in rows else 2)


def _of_one_data_set(references: list[str], chosen: list[str], rows: Mapping[str, Row]) -> list[str]:
    """Offer to narrow the list to one data set; those that are chosen stay."""
    made_for = {reference: changing_name(rows[reference].data) for reference in references if reference in rows}
    known = [name for name in datasets if name in made_for.values()]
    if len(known) < 2:
        return references
    write = from_address(ONLY, known, key="compare_only", first=None)
    titles = dataset_titles(known)
    only = st.pills(
        "Networks for",
        known,
        format_func=lambda name: plain(titles.get(name, name)),
        key="compare_only",
        on_change=write,
    )
    return [one for one in references if only is None or one in chosen or made_for.get(one) == only]


def _with_partner(chosen: list[str], rows: Mapping[str, Row]) -> list[str]:
    """Add a network that was judged on the same test images, so that there is something to compare.

    Where a network has been chosen and none was, one that was trained on the same data; a network of other data is no
    partner.
    """
    for reference in chosen or rows:
        if reference in rows:
            first = rows[reference]
            others = [row for row in rows.values() if row is not first and nearness(row, first) < 2]
            others.sort(key=lambda row: (nearness(row, first), row.accuracy is None))
            if others:
                return [reference, others[0].reference]
    return chosen or list(rows)[:2]


def course_comparison(networks: Sequence[Judged]) -> None:
    """Offer the course's own comparison where both networks exist, and the way to train what is missing.

    ``networks`` are those on the page already.
    """
    rows = network_rows()
    found = {pair: _newest(pair, rows) for pair in _COURSE}
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


def _newest(pair: tuple[str, str], rows: Mapping[str, Row]) -> str | None:
    return next((r.reference for r in rows.values() if (r.data, r.model) == pair and r.accuracy is not None), None)
