"""A button for a file gives it although it was drawn anew as it was pressed."""

import time

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages._ui.server.redrawn_downloads import keep_redrawn


@pytest.fixture
def files() -> MediaFileManager:
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def draw(files: MediaFileManager, says: bytes = b"rows") -> str:
    """Draw the button, and let the page be done."""
    file_id = files.add_deferred(lambda: says, "text/csv", "1.0", file_name="a.csv", element_id="button")
    files.remove_orphaned_files()
    return file_id


def gives(files: MediaFileManager, file_id: str) -> bytes:
    url = files.execute_deferred(file_id)
    content = files._storage.get_file(url.removeprefix("/media/")).content  # type: ignore[attr-defined]
    assert isinstance(content, bytes)
    return content


def test_streamlit_forgets_a_button_as_soon_as_it_is_drawn_anew(files: MediaFileManager) -> None:
    first = draw(files)
    draw(files)
    with pytest.raises(MediaFileStorageError, match="not found"):
        files.execute_deferred(first)


def test_a_press_that_was_on_its_way_gives_what_was_drawn(files: MediaFileManager) -> None:
    keep_redrawn(files)
    first = draw(files, b"before")
    second = draw(files, b"after")
    assert (gives(files, first), gives(files, second)) == (b"before", b"after")
    files.clear_session_refs()  # the whole page is drawn anew, and somebody else's is done meanwhile
    files.remove_orphaned_files()
    assert gives(files, second) == b"after"


def test_it_goes_when_its_time_is_up_and_not_while_it_is_shown(
    files: MediaFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_redrawn(files, seconds=10)
    first = draw(files)
    second = draw(files)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 11)
    files.remove_orphaned_files()
    assert list(files._deferred_callables) == [second]
    with pytest.raises(MediaFileStorageError, match="not found"):
        files.execute_deferred(first)


def test_what_is_revoked_goes_at_once(files: MediaFileManager) -> None:
    keep_redrawn(files)
    first = draw(files)
    files.remove_deferred("1.0", element_id="button")
    files.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError, match="not found"):
        files.execute_deferred(first)


def test_what_goes_for_good_is_not_kept_in_mind(files: MediaFileManager, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_redrawn(files, seconds=10)
    for _time in range(3):
        draw(files)
    files.clear_session_refs()
    files.remove_orphaned_files()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 11)
    files.remove_orphaned_files()
    assert not files._deferred_callables
    assert not files._deferred_ids_by_session
