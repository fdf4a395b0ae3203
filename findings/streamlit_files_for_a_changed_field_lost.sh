#!/usr/bin/env bash
# Streamlit 1.67.0, in a Chromium (one in PATH, or named in CHROMIUM)
#
# Expected: an uploader is emptied by giving it another key, as there is no other way to do so; files that somebody
#           chooses at that time come to the new one, or an error says that they did not.
# Happens:  what is chosen in a picker that was opened before comes to nobody, and neither does a file that is on its way
#           then, though the server takes it in. Neither page nor browser say a word.
# Seen: kept 1 of 1 sent in time, 0 of 3 from a picker that was open meanwhile, 0 of 1 on its way; words of an error: 0
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0 playwright==1.65.2

browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ]; then
    echo "Not looked at: there is no Chromium." >&2
    exit 2
fi

cat >app.py <<'PY'
import streamlit as st

kept = st.session_state.setdefault("kept", [])
st.session_state.setdefault("emptied", 0)
shows = st.radio("It shows", ["a cat", "a dog"])
files = st.file_uploader("Photos", accept_multiple_files=True, key=f"{shows} {st.session_state.emptied}")
if files:
    kept += [file.name for file in files]
    st.session_state.emptied += 1
    st.rerun()
st.write(f"Kept: {', '.join(kept)}.")
PY

PYTHONPATH="$findings" python - "$browser" <<'PY'
import re
import sys

from _visitor import server
from playwright.sync_api import sync_playwright

SETTLED = 3000  # milliseconds


def photos(what, count):
    return [{"name": f"{what}{n}.jpg", "mimeType": "image/jpeg", "buffer": b"a photo"} for n in range(count)]


with server("app.py") as address, sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = browser.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address.replace("ws:", "http:").removesuffix("_stcore/stream"))
    field = page.locator("input[type=file]")
    field.wait_for(state="attached")
    page.wait_for_timeout(SETTLED)
    with page.expect_file_chooser() as picker:
        page.get_by_test_id("stFileUploaderDropzone").click()
    field.set_input_files(photos("sent", 1))
    page.get_by_text("Kept: sent0.jpg.").wait_for()
    page.wait_for_timeout(SETTLED)
    picker.value.set_files(photos("late", 3))
    page.wait_for_timeout(SETTLED)

    taken_in = []
    page.on("response", lambda answer: taken_in.append(answer.status) if "upload_file" in answer.url else None)
    page.route("**/upload_file/**", lambda route: (page.wait_for_timeout(SETTLED), route.continue_()), times=1)
    field.set_input_files(photos("coming", 1))
    page.get_by_text("a dog").click()
    page.wait_for_timeout(3 * SETTLED)
    kept = page.get_by_text(re.compile("^Kept: ")).inner_text()
    errors = len(complaints) + page.get_by_test_id("stException").count() + page.get_by_text("rror").count()
    assert taken_in and all(200 <= status < 300 for status in taken_in), taken_in
    browser.close()
came = {what: kept.count(what) for what in ("sent", "late", "coming")}
print(
    f"kept {came['sent']} of 1 sent in time, {came['late']} of 3 from a picker that was open meanwhile, "
    f"{came['coming']} of 1 on its way; words of an error: {errors}"
)
if came != {"sent": 1, "late": 0, "coming": 0} or errors:
    raise SystemExit("Changed: see above.")
PY
