#!/usr/bin/env bash
# Streamlit 1.67.0, uvicorn 0.51.0
#
# Expected: a script that draws a hundred elements hands them to the server's event loop together, and the browser is
#           sent them in a few packets.
# Happens:  the event loop is woken twice through a pipe for nearly every element, once to take it and once to send it,
#           and each element goes to the system by itself: three calls an element, each of which gives Python's lock away.
#           On two cores that did nothing else, eight visitors at once got no more answers a second without them.
# Seen (the first figure varies, as two threads race): 100 elements: woken 209 times, 105 packets
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0 uvicorn==0.51.0

cat >app.py <<'PY'
import asyncio.selector_events as loops

import streamlit as st

if not hasattr(loops, "counted"):
    loops.counted = {"woken": 0, "packets": 0}

    def counting(name, call):
        def counted(*arguments):
            loops.counted[name] += 1
            return call(*arguments)

        return counted

    loop, transport = loops.BaseSelectorEventLoop, loops._SelectorSocketTransport
    loop._write_to_self = counting("woken", loop._write_to_self)
    transport.write = counting("packets", transport.write)

st.text(f"{loops.counted['woken']} {loops.counted['packets']}")
for element in range(100):
    st.text(element)
PY

PYTHONPATH="$findings" python - <<'PY'
import time

from _visitor import rerun, server, session


def counted(told):
    texts = [said.delta.new_element.text.body for said in told if said.delta.new_element.HasField("text")]
    return [int(number) for number in texts[0].split()]


with server("app.py") as address, session(address) as visitor:
    rerun(visitor)
    time.sleep(1)
    before = counted(rerun(visitor))
    time.sleep(1)
    woken, packets = (now - then for now, then in zip(counted(rerun(visitor)), before))
print(f"100 elements: woken {woken} times, {packets} packets")
if woken < 100 or packets < 100:
    raise SystemExit("Changed: see above.")
PY
