"""Your worksheet: what the teacher asks, all that was written, and the button that hands it in."""

import streamlit as st

from pages._ui.classroom.key import say_problem
from pages._ui.frame import header
from pages._ui.worksheet.now import work_of_mine
from pages.home._worksheet.beginning import chosen_worksheet, offer_to_begin
from pages.home._worksheet.handing_in import hand_in_row, leave_it
from pages.home._worksheet.whole import parts, trained_meanwhile

header("Your worksheet", "What your teacher asks, what you have written, and the way to hand it in.", icon="assignment")
say_problem()
given = chosen_worksheet()
if given is None:
    st.stop()
st.caption("Your teacher can read what you write, handed in or not; nobody else can.")
work = work_of_mine(given)
if work is None:
    offer_to_begin(given)
    st.stop()
hand_in_row(given)
parts(given, work)
trained_meanwhile(work)
leave_it()
