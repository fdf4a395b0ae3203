#!/usr/bin/env bash
# Streamlit 1.67.0, in a Chromium (one in PATH, or named in CHROMIUM)
#
# Expected: a page that writes into its address what it shows is one step of the browser's history: one Back leads to the
#           page before.
# Happens:  the page and what it writes are two steps, though the visitor pressed one link. The first Back leads to the
#           same page without its parameters, where such a page puts them back, so that Back does nothing that one sees;
#           or, as the two race, to the page before with the parameters of this one.
# Seen (the shares vary): 10 links, each 2 steps of the history; the first Back led to /?shows=kernel 5 times,
#           /two?shows=kernel 5 times
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0 playwright==1.65.2

browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ]; then
    echo "Not looked at: there is no Chromium." >&2
    exit 2
fi

cat >app.py <<'PY'
import streamlit as st


def one():
    st.title("One")


def two():
    st.title("Two")
    if "shows" not in st.query_params:
        st.query_params["shows"] = "kernel"


pages = [st.Page(one, title="One", url_path="one", default=True), st.Page(two, title="Two", url_path="two")]
st.navigation(pages).run()
PY

PYTHONPATH="$findings" python - "$browser" <<'PY'
import sys
from collections import Counter

from _visitor import server
from playwright.sync_api import sync_playwright

LINKS = 10
SETTLED = 1500  # milliseconds

steps, first_back = set(), Counter()
with server("app.py") as address, sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    for _link in range(LINKS):
        page = browser.new_page()
        page.goto(address.replace("ws:", "http:").removesuffix("_stcore/stream"))
        page.get_by_role("heading", name="One").wait_for()
        page.wait_for_timeout(SETTLED)
        before = page.evaluate("history.length")
        page.get_by_role("link", name="Two").click()
        page.wait_for_url("**/two?shows=kernel")
        page.get_by_role("heading", name="Two").wait_for()
        page.wait_for_timeout(SETTLED)
        steps.add(page.evaluate("history.length") - before)
        page.go_back()
        page.wait_for_timeout(SETTLED)
        first_back["/" + page.url.rsplit("/", 1)[-1]] += 1
        page.close()
led = ", ".join(f"{where} {times} times" for where, times in first_back.most_common())
print(f"{LINKS} links, each {' or '.join(map(str, sorted(steps)))} steps of the history; the first Back led to {led}")
if steps != {2} or first_back["/"]:
    raise SystemExit("Changed: see above.")
PY
