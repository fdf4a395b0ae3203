#!/usr/bin/env bash
# Streamlit 1.67.0
#
# Expected: `st.file_uploader(max_upload_size=3)` takes files of up to 3 MB where `server.maxUploadSize` is 1, as its
#           documentation says that it overrides that.
# Happens:  the field says so and lets such a file pass, and the server refuses it: it knows its own limit only, whatever
#           the field was given. A visitor is shown a status code. The other way round, smaller than it, all is well.
# Seen: the field offers 3 MB; files of 0.5 and 2 MB are answered 204 and 413
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" streamlit==1.67.0 websockets==16.0

cat >app.py <<'PY'
import streamlit as st

st.file_uploader("Pictures", max_upload_size=3)
PY

export STREAMLIT_SERVER_MAX_UPLOAD_SIZE=1 STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION=false
PYTHONPATH="$findings" python - <<'PY'
import urllib.error
import urllib.request

from _visitor import PATIENCE, rerun, server, session
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


def addresses(visitor, session_id, names):
    message = BackMsg()
    message.file_urls_request.file_names.extend(names)
    message.file_urls_request.session_id = session_id
    visitor.send(message.SerializeToString())
    while True:
        said = ForwardMsg.FromString(visitor.recv(timeout=PATIENCE))
        if said.HasField("file_urls_response"):
            return [each.upload_url for each in said.file_urls_response.file_urls]


def answer(address, megabytes):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    body = head + bytes(int(megabytes * 2**20)) + b"\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        return urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PUT")).status
    except urllib.error.HTTPError as error:
        return error.code


with server("app.py") as address, session(address) as visitor:
    said = rerun(visitor)
    (session_id,) = [each.new_session.initialize.session_id for each in said if each.HasField("new_session")]
    fields = [each.delta.new_element.file_uploader for each in said if each.HasField("delta")]
    (offered,) = [each.max_upload_size_mb for each in fields if each.id]
    base = address.replace("ws:", "http:").removesuffix("/_stcore/stream")
    small, large = (f"{base}{each}" for each in addresses(visitor, session_id, ["small.zip", "large.zip"]))
    answers = answer(small, 0.5), answer(large, 2)
print(f"the field offers {offered} MB; files of 0.5 and 2 MB are answered {answers[0]} and {answers[1]}")
if (offered, *answers) != (3, 204, 413):
    raise SystemExit("Changed: see above.")
PY
