#!/usr/bin/env bash
# Streamlit 1.67.0
#
# Expected: who changes the page while a component of a fragment speaks gets the other page; what the component said
#           belongs to a page that is no more, and is forgotten.
# Happens:  where both arrive together, the page that was asked for is drawn, and then the session is told that it is on
#           the page that was left, of which nothing is drawn again. A component that speaks all the time (frames of a
#           camera, a fragment with run_every) makes that likely on a busy server.
# Seen (the share varies, as two threads race): 30 changes of the page: 18 were taken back
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0

cat >app.py <<'PY'
import streamlit as st


def one():
    part()


def two():
    st.text("the second page")


@st.fragment
def part():
    st.text("a part of the first page")


pages = [st.Page(one, title="One", url_path="one", default=True), st.Page(two, title="Two", url_path="two")]
st.navigation(pages).run()
PY

PYTHONPATH="$findings" python - <<'PY'
from _visitor import rerun, server, session
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

CHANGES = 30
QUIET = 0.5  # seconds without a message, after which nothing more is expected


def ask(visitor, **request):
    message = BackMsg()
    for name, value in request.items():
        setattr(message.rerun_script, name, value)
    visitor.send(message.SerializeToString())


def answers(visitor):
    try:
        while True:
            yield ForwardMsg.FromString(visitor.recv(timeout=QUIET))
    except TimeoutError:
        return


taken_back = 0
with server("app.py") as address:
    for _ in range(CHANGES):
        with session(address) as visitor:
            first = rerun(visitor, page_name="one")
            (pages,) = ([each.page_script_hash for each in said.navigation.app_pages]
                        for said in first if said.HasField("navigation"))
            part = next(said.delta.fragment_id for said in first if said.delta.fragment_id)
            ask(visitor, page_script_hash=pages[1])
            ask(visitor, page_script_hash=pages[0], fragment_id=part)
            told = list(answers(visitor))
            drawn = [said.delta.new_element.text.body for said in told if said.delta.new_element.HasField("text")]
            page = [said.new_session.page_script_hash for said in told if said.HasField("new_session")][-1]
            taken_back += drawn == ["the second page"] and page == pages[0]
print(f"{CHANGES} changes of the page: {taken_back} were taken back")
if not taken_back:
    raise SystemExit("Changed: see above.")
PY
