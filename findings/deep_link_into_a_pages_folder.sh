#!/usr/bin/env bash
# Streamlit 1.67.0
#
# Expected: whoever opens the address of a page that st.navigation lists gets that page and nothing else.
# Happens:  if a folder named `pages` lies beside the script, the first visitor of a fresh server who comes by such an
#           address is also told that there is no such page: the browser lays a box "Page not found" over the right one.
#           That the folder holds sub-folders only does not help; before the script has run once, that it is there
#           decides. The same app with its pages in `views` says nothing.
# Seen:
#   pages/, first visitor: shown ['the page on kernels'], told 'page not found': True
#   pages/, second visitor: shown ['the page on kernels'], told 'page not found': False
#   views/, first visitor: shown ['the page on kernels'], told 'page not found': False
#   views/, second visitor: shown ['the page on kernels'], told 'page not found': False
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0

for pages in pages views; do
    mkdir -p "$pages-app/$pages/learn"
    echo 'import streamlit as st; st.text("the page on kernels")' >"$pages-app/$pages/learn/kernels.py"
    cat >"$pages-app/app.py" <<PY
import streamlit as st

home = st.Page(lambda: st.text("home"), title="Home", url_path="home", default=True)
st.navigation([home, st.Page("$pages/learn/kernels.py", url_path="kernels")]).run()
PY
done

PYTHONPATH="$findings" python - <<'PY'
from _visitor import rerun, server, session

told = {}
for folder in ("pages", "views"):
    with server(f"{folder}-app/app.py") as address:
        for visit in ("first", "second"):
            with session(address) as visitor:
                answers = rerun(visitor, page_name="kernels")
            told[folder, visit] = any(answer.HasField("page_not_found") for answer in answers)
            texts = [answer.delta.new_element.text.body for answer in answers if answer.HasField("delta")]
            print(f"{folder}/, {visit} visitor: shown {texts}, told 'page not found': {told[folder, visit]}")

if told != {(folder, visit): (folder, visit) == ("pages", "first") for folder, visit in told}:
    raise SystemExit("Changed: see above.")
PY
