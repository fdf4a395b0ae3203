"""A button for a file that was drawn anew as it was pressed still gives its file.

Streamlit 1.67 gives the button another id each time it is drawn and drops the one before as soon as anybody's page is
done (findings/streamlit_download_lost_by_others.sh): 6 of 3,046 presses on the teacher's console, which is drawn anew
every three seconds, were answered "Press again".
"""

import time

from streamlit.runtime.media_file_manager import MediaFileManager

LINGER = 10.0  # seconds; a press is on its way for less


def keep_redrawn(files: MediaFileManager, *, seconds: float = LINGER) -> None:
    """Have a server make the files of buttons for a while after they were drawn anew; what it revokes goes at once."""
    gone_since: dict[str, float] = {}
    buttons, shown_by, drop = files._deferred_callables, files._files_by_session_and_coord, files._drop_deferred_id

    def remove_orphaned() -> None:
        drawn = {file_id for shown in shown_by.values() for file_id in shown.values()}
        gone, now = buttons.keys() - drawn, time.monotonic()
        for file_id in gone_since.keys() - gone:
            del gone_since[file_id]
        for file_id in gone:
            if now - gone_since.setdefault(file_id, now) >= seconds:
                drop(file_id)

    files._remove_orphaned_deferred_callables = remove_orphaned  # type: ignore[method-assign]
