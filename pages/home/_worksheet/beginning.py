"""Which worksheet the page shows, and how somebody begins it: with a name, and in a class with its code."""

import streamlit as st

from core.errors import LabError
from core.runs import open_store
from core.runs.classroom import Classroom
from core.runs.records import NAME_LENGTH
from core.runs.store.owners import Owners
from core.runs.worksheets import Given, Worksheets
from pages._ui import address, state
from pages._ui.classroom.account import name_of_account, sign_in_or_out
from pages._ui.classroom.key import act
from pages._ui.classroom.now import the_class, there_is_a_store
from pages._ui.classroom.rules import teaches
from pages._ui.frame import empty_state, plain, problem
from pages._ui.visitor import is_known_again, visitor
from pages._ui.worksheet.now import current
from pages._ui.worksheet.of_the_class import offer_those_of_the_class

_CODE = "worksheet_code"


def chosen_worksheet() -> Given | None:
    """Return the worksheet of the address, else the one that the visitor does; None, with a sentence, without."""
    now, wanted = current(), address.read(state.WORKSHEET)
    if wanted is None or (now is not None and now.id == wanted):
        if now is None:
            empty_state(
                "You do no worksheet now; one that was deleted is gone. Open the link that your teacher gives you.",
                page="",
                label="To Start",
            )
            offer_those_of_the_class()
        return now
    try:
        if there_is_a_store():
            return Worksheets(open_store()).get(wanted)
        empty_state("There is no worksheet in this lab yet.")
    except LabError as error:
        problem(error)
    return None


def offer_to_begin(given: Given) -> None:
    """Say what a worksheet is about, ask for what is missing, and begin it."""
    sheet = given.sheet
    st.markdown(f"## {plain(sheet.title)}")
    if sheet.lead:
        st.markdown(plain(sheet.lead))
    st.caption(f":material/schedule: {len(sheet.parts)} parts, about {sheet.minutes} minutes.")
    if not given.open:
        st.warning("Your teacher has closed this worksheet; nobody can begin it now.", icon=":material/lock:")
        return
    owner, store = visitor().owner, open_store()
    known = Owners(store).nickname(owner)
    if not known:
        sign_in_or_out()
    with st.form("begin_worksheet", border=False):
        if not known:
            st.text_input(
                "Your nickname",
                name_of_account()[:NAME_LENGTH],
                max_chars=NAME_LENGTH,
                key=state.NICKNAME,
                placeholder="as the class knows you",
                help="It stands on what you hand in, and beside your runs. Nobody else in the lab can have the same.",
            )
        asks = _has_to_join(owner)
        if asks:
            st.text_input(
                "Code of the class", address.read(state.JOIN_CODE) or "", max_chars=40, key=_CODE, placeholder="BKM TXZ"
            )
        st.form_submit_button(
            "Begin", icon=":material/play_arrow:", type="primary", on_click=_begin, args=(given.id, known, asks)
        )
    if not is_known_again():
        st.caption(
            "This browser keeps no cookies: after a reload you are somebody else, and your answers are not yours."
        )


def _has_to_join(owner: str) -> bool:
    class_now = the_class()
    if not class_now.on or not class_now.rules.members_only or teaches():
        return False
    return not Classroom(open_store()).is_member(owner)


def _begin(sheet_id: str, known: str, asks: bool) -> None:
    store, by = open_store(), visitor()
    nickname = known or str(st.session_state.get(state.NICKNAME, ""))

    def begin() -> None:
        if asks:
            Classroom(store).join(str(st.session_state.get(_CODE, "")), nickname, by=by)
        elif not known:
            Owners(store).call(by.owner, nickname)
        Worksheets(store).begin(sheet_id, by=by)

    act(begin)
