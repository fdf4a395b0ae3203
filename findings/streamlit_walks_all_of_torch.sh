#!/usr/bin/env bash
# Streamlit 1.67.0 with torch 2.15.0
#
# Expected: rerunning one line costs what the line costs; modules that were imported long ago cost nothing any more.
# Happens:  after every rerun, also of a single fragment, Streamlit has Python's garbage collector look at all objects
#           of the process that it knows. torch brings more than twice as many as all the rest together, so the shortest
#           rerun ends with a walk over all of torch. gc.freeze(), once the imports are done, takes them out of it.
# Seen (automatic collection is off, so all of these were asked for):
#   Streamlit alone  : 5 full collections in 5 reruns, 5 in 5 of a fragment, 63,223 objects each
#   torch imported   : 5 full collections in 5 reruns, 5 in 5 of a fragment, 226,197 objects each
#   after gc.freeze(): 5 full collections in 5 reruns, 5 in 5 of a fragment, 439 objects each
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0 torch==2.15.0

cat >witness.py <<'PY'
import gc
from pathlib import Path

gc.disable()  # what is left are the collections that somebody asks for
objects = 0


def note(phase, info):
    """Write down how many objects a full collection has looked at, once it is over."""
    global objects
    if info["generation"] == 2 and phase == "start":
        objects = len(gc.get_objects())
    elif info["generation"] == 2:
        with Path("walks").open("a") as walks:
            print(objects, file=walks)


gc.callbacks.append(note)
PY
cat >app.py <<'PY'
import gc

import streamlit as st
import witness  # noqa: F401

if st.query_params.get("do") == "import torch":
    import torch  # noqa: F401
if st.query_params.get("do") == "freeze":
    gc.freeze()


@st.fragment
def line():
    st.text("one line")


line()
PY

PYTHONPATH="$findings" python - <<'PY'
import time
from pathlib import Path

from _visitor import rerun, server, session

RUNS = 5


def walks():
    return [int(line) for line in Path("walks").read_text().split()] if Path("walks").exists() else []


def run(visitor, **request):
    """Have the script run, wait for the collection that follows, and return the fragment's id."""
    before, end = len(walks()), time.monotonic() + 10
    answers = rerun(visitor, **request)
    while len(walks()) == before and time.monotonic() < end:
        time.sleep(0.05)
    return next(answer.delta.fragment_id for answer in answers if answer.delta.new_element.HasField("text"))


def collections(visitor, **request):
    """Return how many full collections RUNS reruns bring."""
    before = len(walks())
    for _ in range(RUNS):
        run(visitor, **request)
    return len(walks()) - before


seen = {}
with server("app.py") as address, session(address) as visitor:
    for what, action in (("Streamlit alone", ""), ("torch imported", "import torch"), ("after gc.freeze()", "freeze")):
        fragment = run(visitor, query_string=f"do={action}")
        whole, parts = collections(visitor), collections(visitor, fragment_id=fragment)
        objects = walks()[-1] if walks() else 0
        seen[what] = objects if whole == parts == RUNS else 0
        print(f"{what:17}: {whole} full collections in {RUNS} reruns, {parts} in {RUNS} of a fragment, ", end="")
        print(f"{objects:,} objects each")

alone, torch, frozen = seen.values()
if not 0 < 10 * frozen < torch > 2 * alone:
    raise SystemExit("Changed: see above.")
PY
