"""Handing a worksheet out: one of the three that ship, or steps of the lesson with questions of the teacher's own."""

from dataclasses import replace

import streamlit as st

from core.data import availability, datasets
from core.data.own.records import PREFIX
from core.errors import LabError
from core.recipes import RECIPES, fitting_models
from core.runs import open_store
from core.runs.classroom import CONTROLS
from core.runs.worksheets import Part, Worksheet, Worksheets, shipped_worksheets
from core.runs.worksheets.form import OWN_SET, questions_written
from pages._ui.choose.datasets import dataset_titles
from pages._ui.classroom.key import act
from pages._ui.frame import plain, problem
from pages._ui.guidance.steps import STEPS
from pages._ui.visitor import visitor

_MINE = "mine"
_EACH, _FIRST = "", "digits"
_WRITING = 1.5  # minutes to answer a question that a teacher has added


def making() -> None:
    """Choose, look at it, and make the link."""
    shipped = shipped_worksheets()
    which = st.selectbox(
        "Worksheet",
        [*shipped, _MINE],
        format_func=lambda name: shipped[name].title if name in shipped else "Steps and questions of my own",
        key="sheet_which",
    )
    try:
        sheet = _own() if which == _MINE else _on_a_data_set(which, shipped[which])
        if sheet is None:
            return
        sheet = _held_to(sheet, which)
    except LabError as error:
        problem(error)
        return
    _preview(sheet)
    st.button("Make the link", icon=":material/link:", type="primary", key="sheet_make", on_click=_make, args=(sheet,))


def _on_a_data_set(name: str, sheet: Worksheet) -> Worksheet:
    if not sheet.needs:
        return sheet
    offered = _own_sets() if sheet.needs == OWN_SET else _fitting(sheet)
    first = sheet.needs if sheet.needs in offered else _FIRST if _FIRST in offered else offered[0]
    titles = dataset_titles(one for one in offered if one)
    chosen = st.selectbox(
        "Data set",
        offered,
        index=offered.index(first),
        format_func=lambda one: titles.get(one, "as each student chooses"),
        key=f"sheet_data_{name}",
        help="It is trained with no other as long as somebody does the worksheet.",
    )
    if chosen == _EACH:
        st.caption("With a set of your own, made on Your pictures before, the links of the worksheet open that set.")
    elif sheet.needs not in (OWN_SET, chosen):
        st.caption(
            f"It is written for {plain(datasets.title_of(sheet.needs))}, and goes on any of these. A smaller set "
            "trains sooner; some sentences speak of cats and dogs."
        )
    return sheet.on(chosen, datasets.title_of(chosen) if chosen else "your own pictures")


def _own_sets() -> list[str]:
    return [_EACH, *(name for name in datasets if name.startswith(PREFIX))]


def _fitting(sheet: Worksheet) -> list[str]:
    """The data sets that are on this machine and fit all networks of a worksheet."""
    wanted = {part.view["network"] for part in sheet.parts if "network" in part.view}
    return [name for name in datasets if availability(name) != "hub" and wanted <= set(fitting_models(name))]


def _held_to(sheet: Worksheet, which: str) -> Worksheet:
    """What whoever does it cannot do meanwhile, as the teacher says."""
    with st.grid(2, min_column_width=260) as grid:
        with grid.cell():
            recipe = st.selectbox(
                "Recipe",
                ["", *RECIPES],
                index=["", *RECIPES].index(sheet.rules.recipe),
                format_func=lambda name: name.replace("_", " ") or "all of them",
                key=f"sheet_recipe_{which}",
            )
        with grid.cell():
            controls = st.multiselect(
                "What is not there",
                list(CONTROLS),
                list(sheet.rules.controls),
                format_func=lambda name: CONTROLS[name],
                key=f"sheet_controls_{which}",
                placeholder="nothing",
            )
    alone = st.toggle("All other pages are closed meanwhile", sheet.only_its_pages, key=f"sheet_alone_{which}")
    rules = replace(sheet.rules, recipe=recipe, controls=tuple(controls))
    return replace(sheet, rules=rules, only_its_pages=alone)


def _own() -> Worksheet | None:
    """A worksheet of the lesson's steps; None, with a sentence, as long as it is not whole."""
    title = st.text_input("Title", max_chars=120, key="sheet_title", placeholder="What a kernel finds")
    lead = st.text_area("What it is about", max_chars=1_000, key="sheet_lead", height=68)
    steps = st.multiselect(
        "Steps, in their order",
        list(STEPS),
        format_func=lambda name: STEPS[name].title,
        key="sheet_steps",
        help="A step that is taken out and chosen again goes to the end.",
    )
    titles = dataset_titles(name for name in datasets if availability(name) != "hub")
    data = st.selectbox(
        "Data set",
        ["", *titles],
        format_func=lambda name: titles.get(name, "all of them"),
        key="sheet_data_mine",
    )
    parts = []
    for name in steps:
        step = STEPS[name]
        typed = st.text_area(
            f"Questions to “{step.title}”",
            key=f"sheet_questions_{name}",
            height=90,
            placeholder="What do you see?\nHow many rows has the map? [number]\nIs it larger? [yes | no]",
            help="One a line. What answers it may stand behind: [number], or choices such as [yes | no].",
        )
        asked = questions_written(typed)
        parts.append(
            Part(
                page=step.page,
                title=step.title,
                task=step.task,
                minutes=step.minutes + _WRITING * len(asked),
                view=dict(step.view),
                step=name,
                questions=asked,
            )
        )
    if not title.strip() or not parts:
        st.caption("Write a title and choose one step or more.")
        return None
    sheet = Worksheet(title=title.strip(), lead=lead.strip(), parts=tuple(parts))
    return sheet.on(data, datasets.title_of(data)) if data else sheet


def _preview(sheet: Worksheet) -> None:
    asked = sum(1 for _each in sheet.questions())
    with st.expander(
        f"{len(sheet.parts)} parts, {asked} questions, about {sheet.minutes} minutes", icon=":material/list:"
    ):
        for number, part in enumerate(sheet.parts, start=1):
            st.markdown(f"**{number}. {plain(part.title)}** ({part.page.replace('-', ' ')}, {part.minutes:g} min)")
            st.markdown(plain(part.task))
            st.markdown("\n".join(f"- {plain(question.text)}" for question in part.questions))


def _make(sheet: Worksheet) -> None:
    act(lambda: Worksheets(open_store()).make(sheet, by=visitor()))
