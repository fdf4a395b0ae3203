"""What a network trained with the set can be believed: what is odd about the pictures, and who will judge it."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.data.catalogue import datasets
from core.data.own import OwnSet
from core.data.own.honest_split import HonestSplit
from core.data.own.suspicions import Suspicion
from core.names import counted
from pages._ui import state
from pages._ui.draw.own_sheet import own_sheet
from pages._ui.draw.pictures import show
from pages._ui.frame import PAGES, facts, plain, section
from pages._ui.glossary import term
from pages.train._pictures.claimed import claimed
from pages.train._pictures.in_turns import in_turns
from pages.train._pictures.overview import Overview

COLUMNS = 8
_SHOWN = 2 * COLUMNS  # pictures of one suspicion
_AT_MOST = 12  # suspicions


def worth_a_look(own: OwnSet, known: Overview) -> None:
    """List what is odd, each with its sentence and its pictures."""
    section("Worth a look", "Found by comparing the pictures with each other; only you can say what they show.")
    found = (*claimed(own, known), *known.suspicions)
    if not found:
        st.caption("Nothing odd was found.")
    names = {one.id: one.name for one in own.classes}

    def drawn(places: list[int]) -> tuple[bytes, list[str]]:
        pictures = [known.pictures[place] for place in places]
        sheet = own_sheet(own.id, [picture.id for picture in pictures], columns=COLUMNS)
        return sheet, [names[picture.class_id] for picture in pictures]

    list_suspicions(found, drawn)


def list_suspicions(found: Sequence[Suspicion], drawn: Callable[[list[int]], tuple[bytes, list[str]]]) -> None:
    """Show suspicions; ``drawn`` makes a sheet of the pictures at some places of the set, and names their classes."""
    for number, each in enumerate(found[:_AT_MOST]):
        if not len(each.pictures):
            st.markdown(f":material/warning: {plain(each.sentence)}")
            continue
        count = len(each.pictures)
        with st.expander(
            plain(f"{counted(count, 'picture')}: {each.sentence}"),
            icon=":material/warning:",
            expanded=number == 0,
            key=f"odd_{each.kind}_{number}",
        ):
            sheet, classes = drawn(each.pictures[:_SHOWN].tolist())
            listed = ", ".join(dict.fromkeys(classes))
            show(
                sheet,
                alt=f"{counted(len(classes), 'picture')} of {listed}. {each.sentence}",
                width="content",
                at_least=1,
            )
            st.caption(plain(f"In {listed}.{f' The first {_SHOWN} of {count}.' if count > _SHOWN else ''}"))
    if len(found) > _AT_MOST:
        st.caption(f"And {len(found) - _AT_MOST} more, when these are seen to.")


def who_judges(own: OwnSet, known: Overview) -> None:
    """Show the split, and lead to the training."""
    section(
        "Who will judge it", "Pictures that a network has not learned from say how good it is: these are held back."
    )
    split = known.split
    if split is None:
        st.info(plain(known.why_no_split), icon=":material/info:")
        return
    _split(split)
    if split.certainty:
        in_turns(own, known)
    if own.name in datasets and st.button("Train with it", icon=":material/model_training:", type="primary"):
        state.propose_dataset(own.name)
        st.switch_page(PAGES["training"])


def _split(split: HonestSplit) -> None:
    facts(
        [
            ("To learn from", counted(len(split.train), "picture"), "Training images."),
            ("To choose by", counted(len(split.validation), "picture"), "Validation: taken from those to learn from."),
            ("To judge by", counted(len(split.test), "picture"), term("test split")),
        ]
    )
    st.markdown(f"It will be **{plain(split.judged_on)}**.")
    if split.certainty:
        st.markdown(f"So few tell little: {plain(split.certainty)}. More pictures, by more people, make it surer.")
    for note in split.notes:
        st.caption(plain(note))
    st.caption("Copies of one photo, and photos of one burst, never lie on two sides.")
