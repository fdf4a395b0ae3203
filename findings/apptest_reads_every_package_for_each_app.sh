#!/usr/bin/env bash
# Streamlit 1.67.0
#
# Expected: in a process that tests many pages with AppTest, what is installed is looked through once: a server does it
#           once, when it starts.
# Happens:  the first run of every AppTest looks for custom components again, and for that parses the whole METADATA of
#           every package that is installed; later runs of the same app do not. Beside torch, datasets and a test suite
#           (some 170 packages) those were two fifths of the time of tests that open pages of this lab.
# Seen (Streamlit alone with what it needs: 36 packages):
#   first run of app 1: 36 of 36 packages parsed, second run: 0
#   first run of app 2: 36 of 36 packages parsed, second run: 0
#   first run of app 3: 36 of 36 packages parsed, second run: 0
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0

python - <<'PY'
import email
import importlib.metadata

from streamlit.testing.v1 import AppTest

packages = {found.name for found in importlib.metadata.distributions()}
parsed = []
parse = email.message_from_string


def note(text, *arguments, **named):
    """Parse as before, and write down whose metadata it was."""
    message = parse(text, *arguments, **named)
    parsed.append(message["Name"])
    return message


def run(app):
    """Return how many packages' metadata one run of an app parses."""
    parsed.clear()
    assert not app.run().exception
    return len(packages & set(parsed))


email.message_from_string = note
seen = []
for number in (1, 2, 3):
    app = AppTest.from_string("import streamlit as st\nst.write('one line')", default_timeout=60)
    seen.append((run(app), run(app)))
    first, second = seen[-1]
    print(f"first run of app {number}: {first} of {len(packages)} packages parsed, second run: {second}")
if seen != [(len(packages), 0)] * 3:
    raise SystemExit("Changed: see above.")
PY
