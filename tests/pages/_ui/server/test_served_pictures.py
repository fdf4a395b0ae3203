"""A picture that was shown a moment ago is still served, within bounds."""

import threading
import time

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages._ui.server.served_pictures import LateFiles, linger


@pytest.fixture
def storage() -> MemoryMediaFileStorage:
    return MemoryMediaFileStorage("/media")


def add(storage: MemoryMediaFileStorage, data: bytes) -> str:
    return storage.load_and_get_id(data, "image/png", MediaFileKind.MEDIA)


def there(storage: MemoryMediaFileStorage, file_id: str) -> bool:
    return file_id in storage._files_by_id


def test_a_quick_second_change_leaves_the_first_ones_picture(storage: MemoryMediaFileStorage) -> None:
    linger(storage)
    manager = MediaFileManager(storage)
    first = manager.add(b"first", "image/png", "1.0").removeprefix("/media/")
    manager.clear_session_refs()  # the page is drawn again …
    second = manager.add(b"second", "image/png", "1.0").removeprefix("/media/")
    manager.remove_orphaned_files()  # … and done
    assert storage.get_file(first).content == b"first"
    assert storage.get_file(second).content == b"second"


def test_it_goes_when_its_time_is_up(storage: MemoryMediaFileStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    late = linger(storage, seconds=30)
    picture = add(storage, b"picture")
    storage.delete_file(picture)
    late.sweep()
    assert there(storage, picture)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31)
    late.sweep()
    assert not there(storage, picture)


def test_what_is_shown_again_in_the_meantime_stays(
    storage: MemoryMediaFileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = linger(storage, seconds=30)
    picture = add(storage, b"picture")
    storage.delete_file(picture)
    assert add(storage, b"picture") == picture
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31)
    late.sweep()
    assert there(storage, picture)


def test_beyond_the_bound_the_oldest_go_first(storage: MemoryMediaFileStorage) -> None:
    linger(storage, most_bytes=250, at_least=0)
    pictures = [add(storage, bytes([number]) * 100) for number in range(4)]
    for picture in pictures:
        storage.delete_file(picture)
    assert [there(storage, picture) for picture in pictures] == [False, False, True, True]


def test_what_is_larger_than_the_bound_is_there_for_as_long_as_its_fetching_takes(
    storage: MemoryMediaFileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = linger(storage, most_bytes=250, at_least=5)
    saved = add(storage, b"x" * 300)
    storage.delete_file(saved)
    assert there(storage, saved)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 6)
    late.sweep()
    assert not there(storage, saved)


def test_a_picture_of_another_size_counts_as_its_own(storage: MemoryMediaFileStorage) -> None:
    linger(storage, most_bytes=250, at_least=0)
    storage.delete_file("never added")
    large = add(storage, b"x" * 300)
    storage.delete_file(large)
    assert not there(storage, large)


def test_a_picture_in_use_is_never_lost_between_threads(storage: MemoryMediaFileStorage) -> None:
    late = linger(storage, seconds=0)
    lost: list[int] = []

    def show_and_drop() -> None:
        for number in range(300):
            with late.lock:
                picture = add(storage, b"the same for all")
                if not there(storage, picture):
                    lost.append(number)
            storage.delete_file(picture)

    threads = [threading.Thread(target=show_and_drop) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []


def test_nothing_is_deleted_twice() -> None:
    gone: list[str] = []
    late = LateFiles(gone.append, lambda _file: 10, seconds=0, most_bytes=100)
    late.put_off("a")
    late.sweep()
    assert gone == ["a"]
