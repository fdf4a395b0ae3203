"""How tests walk through the app: always through the entrypoint, as a browser does."""

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.rights import owner_of
from pages._ui import state
from pages._ui.frame import PAGES
from pages._ui.guidance import kept_by_browser

ROOT = Path(__file__).parents[2]
SECRET = "a" * 43  # of whoever walks: there is no browser that could keep one
ME = owner_of(SECRET)
_ADDRESSES = {file.removeprefix("pages/").removesuffix(".py"): address for address, file in PAGES.items()}
TIMEOUT = 120  # seconds: the first page of a process imports torch, and build machines are busy


def visitor() -> AppTest:
    """Return the app as it is before a page of it was drawn; `open_page` then follows a link to one."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=TIMEOUT)
    app.session_state[state.SECRET] = SECRET
    return app


def start_page() -> AppTest:
    """Run the entrypoint and return the app on its start page."""
    return visitor().run()


def open_page(app: AppTest, path: str) -> AppTest:
    """Go to ``learn/convolution`` or another page, and fail on any exception it shows."""
    if app._registered_pages:
        app.switch_page(f"pages/{path}.py")
    else:  # Streamlit's test does not know the pages' addresses yet; a browser that comes by a link names one
        app._page_hash = calc_hash(_ADDRESSES[path])
    return check(app.run())


def check(app: AppTest) -> AppTest:
    """Fail where the page shows an exception; return the app."""
    assert not app.exception, [entry.value for entry in app.exception]
    return app


def texts(app: AppTest) -> str:
    """Return all that the page says, in one string."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.error, app.warning, app.success, app.info)
    return "\n".join(str(entry.value) for entries in kinds for entry in entries)


def jpeg(*, size: tuple[int, int] = (80, 40), orientation: int = 1) -> bytes:
    """Return a red photo's bytes; ``orientation`` is EXIF's, 6 for a camera held on its side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    """Upload a file as the student's photo."""
    app.segmented_control(key="photo_from").set_value("upload").run()
    app.file_uploader(key="photo_upload").upload(name, data, "image/jpeg").run()
    return check(app)


def keeps(cookie: str, value: str) -> None:
    """Let the browser of whoever walks keep ``value``."""
    kept_by_browser._told()[ME] = {cookie: value}


def component_data(app: AppTest, name: str) -> dict[str, Any]:
    """Return what the one component whose name ends in ``name`` was given."""
    (found,) = [each.proto for each in app.get("bidi_component") if each.proto.component_name.endswith(name)]
    return dict(json.loads(found.json))


def live_sliders(app: AppTest) -> list[dict[str, Any]]:
    """Return what each slider that answers while it is dragged was given, in the order of the page."""
    protos = [each.proto for each in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in protos if proto.component_name.endswith("live_slider")]


def table_rows(app: AppTest) -> list[dict[str, Any]]:
    """Return what the table of runs or networks was given, a row each, in the order in which it shows them at first."""
    data = component_data(app, "run_table")
    names = "reference name state accuracy interval images validation parameters seconds done planned data model recipe"
    fields = [*names.split(), "changed", "owner", "created", "note", "trained", "broken"]
    rows = [dict(zip(fields, values, strict=True)) for values in data["rows"]]
    shared = ("state", "data", "model", "recipe", "changed", "owner", "note")
    return [row | {name: data["words"][row[name]] for name in shared} for row in rows]
