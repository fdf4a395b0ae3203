#!/usr/bin/env bash
# Streamlit 1.67.0
#
# Expected: what a visitor types or presses is handled by its callback, whatever they do next; and a button that is
#           pressed acts on what stands on the page.
# Happens:  a callback that reads the session's state is cut off there when the next request arrives, and not called
#           again, as the new value has been taken already. And a press that comes while the page is still being drawn
#           calls the callback with the arguments that the button was given the time before: without the word that was
#           typed last, although leaving its field by that very press is how most people end typing.
# Seen: typed, and a slider moved 30 ms later: 20 times, the callback came to its end 0 times
#       typed, and a button pressed 30 ms later: 20 times, the callback was given that word 0 times
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0

cat >app.py <<'PY'
import time

import streamlit as st


def typed():
    time.sleep(0.1)  # a row in a database
    with open("typed.txt", "a") as kept:
        kept.write(st.session_state["word"] + "\n")


def pressed(word):
    with open("pressed.txt", "a") as kept:
        kept.write(word + "\n")


word = st.text_input("Word", key="word", on_change=typed if st.toggle("Keep it") else None)
time.sleep(0.1)  # a picture
st.slider("Other", 0, 100)
st.button("Send", on_click=pressed, args=(word,))
PY

PYTHONPATH="$findings" python - <<'PY'
import time
from pathlib import Path

from _visitor import rerun, server, session
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

TIMES = 20
APART = 0.03  # seconds
QUIET = 0.6  # seconds without a message, after which nothing more is expected


def ask(visitor, *states):
    message = BackMsg()
    message.rerun_script.widget_states.widgets.extend(states)
    visitor.send(message.SerializeToString())


def at_rest(visitor):
    try:
        while ForwardMsg.FromString(visitor.recv(timeout=QUIET)):
            pass
    except TimeoutError:
        return


def lines(name):
    return Path(name).read_text().splitlines() if Path(name).exists() else []


with server("app.py") as address, session(address) as visitor:
    drawn = [said.delta.new_element for said in rerun(visitor)]
    names = {each.WhichOneof("type"): getattr(each, each.WhichOneof("type")).id for each in drawn if each.ByteSize()}
    keep = WidgetState(id=names["checkbox"], bool_value=True)
    ask(visitor, keep)
    at_rest(visitor)
    for number in range(TIMES):
        word = WidgetState(id=names["text_input"], string_value=f"word {number}")
        ask(visitor, keep, word)
        time.sleep(APART)
        ask(visitor, keep, word, WidgetState(id=names["slider"], double_array_value={"data": [number + 1]}))
        at_rest(visitor)
    kept = len(lines("typed.txt"))
    no = WidgetState(id=names["checkbox"], bool_value=False)
    ask(visitor, no)
    at_rest(visitor)
    for number in range(TIMES):
        word = WidgetState(id=names["text_input"], string_value=f"term {number}")
        ask(visitor, no, word)
        time.sleep(APART)
        ask(visitor, no, word, WidgetState(id=names["button"], trigger_value=True))
        at_rest(visitor)
    right = sum(given == f"term {number}" for number, given in enumerate(lines("pressed.txt")))
print(f"typed, and a slider moved {APART * 1000:.0f} ms later: {TIMES} times, the callback came to its end {kept} times")
print(f"typed, and a button pressed {APART * 1000:.0f} ms later: {TIMES} times, the callback was given that word {right} times")
if kept == TIMES or right == TIMES:
    raise SystemExit("Changed: see above.")
PY
