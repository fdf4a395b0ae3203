"""Experiments: the one that is shown, its points as they come, and who trains the next."""

from collections.abc import Sequence

import streamlit as st

from core.errors import LabError
from core.home import home
from core.names import counted
from core.rights import shown_name
from core.runs import ensure_supervisor, open_store
from core.runs.experiments import kept
from core.runs.experiments.kept import Point
from core.runs.experiments.plan import Experiment
from core.runs.experiments.results import found, progress_words
from core.runs.store.owners import Owners
from pages._ui import address, state
from pages._ui.at_rest import look_again
from pages._ui.choose.told_apart import told_apart
from pages._ui.classroom.rules import TAKEN_OFF, hides, teaches
from pages._ui.experiments.chart import draw
from pages._ui.experiments.figures import figure_of
from pages._ui.frame import PAGES, empty_state, look_for, plain, problem
from pages._ui.glossary import sentence, term
from pages._ui.visitor import visitor, visitors_id
from pages.judge._compare.choice import AT_MOST
from pages.judge._compare.experiments.form import set_up
from pages.judge._compare.experiments.points import every_point, mean_rows, take_experiment_home
from pages.judge._compare.in_address import EXPERIMENT, NEW

TICK = 4.0  # seconds between two looks at the runs; a whole class may be looking
_CHOICE, _PROBLEM = "experiment_shown", "experiment_problem"


def experiments(shown: str) -> None:
    """Offer the experiments of this lab and show one, or the form of a new one."""
    known = {one.id: one for one in kept.kept(home())}
    if shown not in (NEW, *known):
        st.warning("The experiment of this address is not here (any more).", icon=":material/link_off:")
        address.write(EXPERIMENT, NEW)
        shown = NEW
    titles = told_apart({one.id: f"{one.name} · {_whose(one)}" for one in known.values()})
    titles = {NEW: "Set up a new one"} | titles
    st.session_state[_CHOICE] = shown
    if known:
        st.selectbox(
            "Experiment",
            list(titles),
            format_func=lambda one: titles.get(one, one),
            key=_CHOICE,
            on_change=lambda: address.write(EXPERIMENT, st.session_state[_CHOICE]),
        )
    if problem_said := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem_said), icon=":material/error:")
    if shown == NEW and hides("experiments"):
        empty_state(TAKEN_OFF)
        return
    if shown == NEW:
        st.markdown(
            "One training says little: another seed gives another figure. An experiment varies one thing, trains each "
            "value with several seeds, and says whether what differs is more than chance."
        )
        set_up()
        return
    try:
        _show(known[shown])
    except LabError as error:
        problem(error)


def _whose(experiment: Experiment) -> str:
    if experiment.owner == visitors_id():
        return "yours"
    return shown_name(experiment.owner, Owners(open_store()).nickname(experiment.owner))


def _show(experiment: Experiment) -> None:
    points = kept.points(open_store(), experiment)
    live, still_open = _at_work_and_open(points)
    counts = len(experiment.arms), len(experiment.seeds)
    st.markdown(
        f"**{plain(experiment.name)}**: {counted(counts[0], 'value')} of "
        f"{plain(experiment.varied)}, {counted(counts[1], 'seed')} each. Its address shows it to "
        "anybody in the class, and whoever trains one of its points adds it.",
        help=term("seed"),
    )

    @st.fragment(run_every=TICK if live else None)
    def follow() -> None:
        if not kept.is_there(home(), experiment.id):
            st.rerun()  # it was deleted in another tab, which the page says
        try:
            now = kept.points(open_store(), experiment)
            arms, contrasts = found(experiment, now, figure_of)
        except LabError as error:
            problem(error)
            return
        if _at_work_and_open(now) != (live, still_open):
            st.rerun()  # the buttons below count them
        st.caption(plain(progress_words(now, arms) + "."))
        draw(experiment, arms)
        for contrast in contrasts:
            st.markdown(f"- {plain(contrast.sentence)}")
        look_for(
            "Small dots are trainings, diamonds their means. A bar is the 95 % interval of the mean over the seeds "
            f"(Student's t; for one seed, that of its test images). {sentence('p value')}"
        )
        st.table(mean_rows(arms), hide_index=True, border="horizontal", alt="Mean and spread of every value")

    follow()
    if not live:
        look_again(lambda: _as_shown(experiment, still_open))
    with st.container(horizontal=True):
        if still_open and not hides("experiments"):
            _train_button(experiment, f"Train all {still_open} that are open", None, kind="primary")
        if still_open > 1 and not hides("experiments"):
            _train_button(experiment, "Train one of them", 1, kind="secondary")
        _side_by_side(points)
        take_experiment_home(experiment, points)
        if teaches():
            st.page_link(
                PAGES["projector"],
                label="On the projector",
                icon=":material/cast:",
                query_params={EXPERIMENT: experiment.id},
            )
        _delete(experiment)
    with st.expander("Every point", icon=":material/list:"):
        every_point(points)


def _train_button(experiment: Experiment, label: str, at_most: int | None, *, kind: str) -> None:
    st.button(
        label,
        type="primary" if kind == "primary" else "secondary",
        icon=":material/model_training:",
        key=f"experiment_train_{at_most}",
        on_click=_train,
        args=(experiment, at_most),
        help="As yours, in the queue with everybody's." if at_most is None else "Another point for each who asks.",
    )


def _train(experiment: Experiment, at_most: int | None) -> None:
    if hides("experiments"):  # since the page was drawn
        st.session_state[_PROBLEM] = TAKEN_OFF
        return
    try:
        kept.train_open(open_store(), experiment, owner=visitor().owner, at_most=at_most)
        ensure_supervisor(open_store())
    except LabError as error:
        st.session_state[_PROBLEM] = str(error)


def _at_work_and_open(points: Sequence[Point]) -> tuple[bool, int]:
    return any(point.live for point in points), sum(point.open for point in points)


def _as_shown(experiment: Experiment, still_open: int) -> bool:
    """Whether an experiment at rest is as it was: a classmate may train one of its points, or its owner delete it."""
    try:
        points = kept.points(open_store(), experiment)
    except LabError:  # the store refuses just now, and what is shown still holds
        return True
    return kept.is_there(home(), experiment.id) and _at_work_and_open(points) == (False, still_open)


def _side_by_side(points: Sequence[Point]) -> None:
    """A button that puts the networks of the first seed that has two or more beside each other."""
    by_seed: dict[int, list[str]] = {}
    for point in points:
        if point.run is not None and point.run.status == "finished":
            by_seed.setdefault(point.arm.config.seed, []).append(point.run.id)
    seed, ids = next(((seed, ids) for seed, ids in by_seed.items() if len(ids) > 1), (0, []))
    if ids:
        st.button(
            f"Seed {seed} side by side",
            icon=":material/balance:",
            key="experiment_compare",
            on_click=address.write_together,
            args=({state.COMPARED: ",".join(ids[:AT_MOST]), EXPERIMENT: None},),
            help="The networks of one seed as Compare shows them, tested image by image.",
        )


def _delete(experiment: Experiment) -> None:
    if not visitor().may_change(experiment.owner):
        return
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown("The experiment goes for good; its runs stay.")
        st.button("Delete it", icon=":material/delete:", key="experiment_delete", on_click=_gone, args=(experiment,))


def _gone(experiment: Experiment) -> None:
    try:
        kept.delete(home(), experiment.id, by=visitor())
        address.write(EXPERIMENT, NEW)
    except LabError as error:
        st.session_state[_PROBLEM] = str(error)
