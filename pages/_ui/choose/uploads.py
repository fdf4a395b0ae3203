"""Files that a student sends: read once, then let go; Streamlit by itself keeps them until the session has ended.

Thirty sessions held 436 to 608 MB of them after five minutes, and for five minutes after they had left.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from core.errors import PhotoError
from core.photos.door import MAX_BYTES, Photo, open_photo
from pages._ui.server.arrivals import Announced, Arrived, heard_of, was_taken

MAX_MEGABYTES = MAX_BYTES // 2**20  # of a photo
UPLOAD_TYPES = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "heic", "heif", "avif"]
_LOST = "This file was not taken in, because too many came at once. Take it out of the list and add it again."


class Sent(Protocol):
    """What an uploader's state holds of a file: all of it, or only its id where its bytes are not here."""

    @property
    def file_id(self) -> str:
        """The id that the server gave to the file."""


def sent(key: str) -> list[Sent]:
    """Return the files that the browser lists in the uploader ``key``, in its order, with or without their bytes.

    The uploader itself returns only those whose bytes are here.
    """
    value = st.session_state.get(key)
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def open_upload(file: Sent) -> Photo:
    """Return an uploaded file as a clean photo and let its bytes go, so that this works once a file.

    Raises PhotoError with a sentence where it is no photo or was not taken in.
    """
    if not isinstance(file, UploadedFile):
        raise PhotoError(_LOST)
    try:
        return open_photo(file.getvalue(), file.name)
    finally:
        let_go(file)


def let_go(file: Sent) -> None:
    """Forget a file's bytes; the browser goes on listing its name."""
    _letting_go(file)()


def told_of(key: str) -> Iterator[tuple[Arrived, Announced | None]]:
    """Yield the files that the browser lists in the uploader ``key``, and how each was announced; not those that were
    taken as they arrived."""
    for file in sent(key):
        if not was_taken(file.file_id):
            announced = heard_of(file.file_id)
            yield (
                Arrived(
                    file_id=file.file_id,
                    name=announced.name if announced is not None else getattr(file, "name", "") or "a file",
                    data=file.getvalue() if isinstance(file, UploadedFile) else None,
                    let_go=_letting_go(file),
                ),
                announced,
            )


def _letting_go(file: Sent) -> Callable[[], None]:
    """Return what forgets a file's bytes, for a thread that has no session."""
    context = get_script_run_ctx()

    def let_go_of_it() -> None:
        if isinstance(file, UploadedFile):
            file.seek(0)
            file.truncate()  # the session's state holds this object until the next rerun
        if context is not None:
            context.uploaded_file_mgr.remove_file(session_id=context.session_id, file_id=file.file_id)

    return let_go_of_it
