"""Train · Add pictures: the page that a phone opens by the square or the code of a set, or of a class."""

import streamlit as st

from core.names import counted
from pages._ui.frame import header, plain
from pages.train._join.send import ask_for_code, joined, send, your_name
from pages.train._join.to_class import class_code, is_in, join_class, lead_on

code = class_code()
own = None if code is not None else joined()
if code is not None:
    header("Join the class", "A nickname of your own is all it takes.", icon="groups")
    join_class(code)
elif own is not None:
    header("Add pictures", "Photos of yours for a set that the class makes together.", icon="add_a_photo")
    st.markdown(f"**{plain(own.title)}** · {counted(own.pictures, 'picture')} so far")
    send(own, your_name())
    st.caption("Photos stay on the machine that runs the lab, made smaller, without place and date. Others see them.")
else:
    header("Join", "The class, or a set of pictures that it makes together, by a code of six letters.", icon="login")
    if known := is_in():
        lead_on(known)
        st.markdown("To send photos for a set of pictures, type its code.")
    ask_for_code()
