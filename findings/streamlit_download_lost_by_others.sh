#!/usr/bin/env bash
# Streamlit 1.67.0
#
# Expected: a button for a file that is made when it is pressed gives the file for as long as the button is on the
#           screen; what other visitors do meanwhile has nothing to do with it.
# Happens:  while somebody's page is drawn again and has not come to the button, the end of any other visitor's run takes
#           the button's function away; the browser still shows the button, and its press is answered that the file was
#           not found. With nobody else there it is given.
# Seen: drawn again, pressed meanwhile, alone: 10 of 10 files given
#       drawn again, pressed meanwhile, another visitor's page done meanwhile: 0 of 10 files given
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0

cat >app.py <<'PY'
import time

import streamlit as st

if "slow" in st.query_params:
    time.sleep(1)  # a picture above the button
st.download_button("Rows", lambda: b"1,2\n", "rows.csv", on_click="ignore")
PY

PYTHONPATH="$findings" python - <<'PY'
from _visitor import PATIENCE, rerun, server, session
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

TIMES = 10


def until(visitor, kind):
    while True:
        said = ForwardMsg.FromString(visitor.recv(timeout=PATIENCE))
        if said.WhichOneof("type") == kind:
            return said


def pressed_meanwhile(ada, bob, others):
    said = rerun(ada)
    (begun,) = [each.new_session for each in said if each.WhichOneof("type") == "new_session"]
    drawn = [each.delta.new_element for each in said]
    (button,) = [each.download_button for each in drawn if each.WhichOneof("type") == "download_button"]
    again = BackMsg()
    again.rerun_script.query_string = "slow=1"
    ada.send(again.SerializeToString())
    until(ada, "new_session")  # it is being drawn again
    if others:
        rerun(bob)
    press = BackMsg()
    press.backend_operation_request.request_id = "1"
    press.backend_operation_request.session_id = begun.initialize.session_id
    press.backend_operation_request.deferred_file.file_id = button.deferred_file_id
    ada.send(press.SerializeToString())
    answer = until(ada, "backend_operation_response").backend_operation_response
    until(ada, "script_finished")
    return bool(answer.deferred_file.url)


given = {}
with server("app.py") as address, session(address) as ada, session(address) as bob:
    rerun(bob)
    for others in (False, True):
        given[others] = sum(pressed_meanwhile(ada, bob, others) for _time in range(TIMES))
print(f"drawn again, pressed meanwhile, alone: {given[False]} of {TIMES} files given")
print(f"drawn again, pressed meanwhile, another visitor's page done meanwhile: {given[True]} of {TIMES} files given")
if given[False] < TIMES or given[True] == TIMES:
    raise SystemExit("Changed: see above.")
PY
