#!/usr/bin/env bash
# Streamlit 1.67.0
#
# Expected: st.switch_page leads to the other page, whatever the widgets of this one hold.
# Happens:  as soon as a widget with bind="query-params" has a value of its own, st.switch_page raises: it clears the
#           address, and clearing what is bound is refused. The advice of the message, to modify the widget's value
#           instead, does not help who only wants to leave. With the widget's default the other page is reached, so a
#           try with an untouched page passes.
# Seen:
#   name '', from a callback: ['the other page']
#   name '', from the script: ['the other page']
#   name 'Ada', from a callback: ["Cannot clear query parameters - the following are bound to widgets: 'name'. …"]
#   name 'Ada', from the script: ["Cannot clear query parameters - the following are bound to widgets: 'name'. …"]
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0

cat >app.py <<'PY'
import streamlit as st


def start():
    st.text_input("Name", key="name", bind="query-params")
    st.button("from a callback", on_click=lambda: st.switch_page(other))
    if st.button("from the script"):
        st.switch_page(other)


other = st.Page(lambda: st.text("the other page"), title="Other", url_path="other")
st.navigation([st.Page(start, title="Start", default=True), other]).run()
PY

python - <<'PY'
import logging
import textwrap

from streamlit.testing.v1 import AppTest

logging.disable()
refused = {}
for name in ("", "Ada"):
    for button in (0, 1):
        app = AppTest.from_file("app.py", default_timeout=60)
        if name:
            app.query_params["name"] = name
        app.run()
        label = app.button[button].label
        app.button[button].click().run()
        refused[name, button] = bool(app.exception)
        seen = [textwrap.shorten(element.value, 80, placeholder=" …") for element in (*app.text, *app.exception)]
        print(f"name {name!r}, {label}: {seen}")

if refused != {("", 0): False, ("", 1): False, ("Ada", 0): True, ("Ada", 1): True}:
    raise SystemExit("Changed: see above.")
PY
