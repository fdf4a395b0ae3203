"""Photos at rest: no pixel is lost, each is held once, and a class of them has a bound."""

import gc
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import PhotoError
from core.photos.door import Photo
from core.photos.kept import MOST_WAITING, KeptPhoto, KeptPhotos, pack, unpack
from core.photos.samples import sample_photos


def photo(number: int, *, side: int = 40) -> Photo:
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Photo(
        image=Image.fromarray(pixels), sha256=f"hash {number}", name=f"{number}.png", notes=("turned upright",)
    )


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_packing_loses_no_pixel(width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(unpack(pack(Image.fromarray(pixels)))), pixels)


def test_a_real_photo_takes_a_third_of_its_pixels_bytes_or_half() -> None:
    image = sample_photos()["china.jpg"].image
    assert 3 * image.width * image.height / len(pack(image)) > 1.8


def test_packing_takes_no_more_effort_than_it_must() -> None:
    image = sample_photos()["china.jpg"].image
    pack(image)
    started = time.process_time()
    pack(image)
    assert time.process_time() - started < 0.1, "11 ms on the reference machine, 190 with the encoder's usual effort"


def test_a_kept_photo_is_the_photo_that_was_given() -> None:
    given = photo(1)
    kept = KeptPhotos().keep(given)
    assert (kept.sha256, kept.name, kept.notes, kept.size) == (given.sha256, given.name, given.notes, (40, 40))
    assert np.array_equal(np.asarray(kept.image), np.asarray(given.image))
    assert isinstance(kept, Photo)


def test_the_same_file_under_two_names_is_held_once() -> None:
    shelf = KeptPhotos()
    first = shelf.keep(photo(1))
    held = shelf.held_bytes
    second = shelf.keep(Photo(image=photo(1).image, sha256="hash 1", name="other.png"))
    assert shelf.held_bytes == held
    assert (first.name, second.name) == ("1.png", "other.png")


def test_a_photo_that_nobody_has_any_more_is_let_go_at_once() -> None:
    shelf = KeptPhotos()
    kept = shelf.keep(photo(1))
    assert shelf.held_bytes > 0
    del kept
    gc.collect()
    assert shelf.held_bytes == 0


def test_beyond_the_bound_those_that_were_not_used_for_longest_go_and_say_so() -> None:
    each = len(pack(photo(0).image))
    shelf = KeptPhotos(most_bytes=3 * each + each // 2)
    kept = [shelf.keep(photo(number)) for number in range(3)]
    assert kept[0].there
    kept.append(shelf.keep(photo(3)))
    shelf.settle()
    assert [one.there for one in kept] == [True, False, True, True]
    assert shelf.held_bytes <= shelf.most_bytes
    with pytest.raises(PhotoError, match="Add it again"):
        _ = kept[1].image
    again = shelf.keep(photo(1))
    assert np.array_equal(np.asarray(again.image), np.asarray(photo(1).image))
    assert kept[1].there, "whoever had it has it again"


def test_one_photo_larger_than_the_bound_is_kept_by_itself() -> None:
    shelf = KeptPhotos(most_bytes=10)
    assert shelf.keep(photo(1)).there


def test_few_photos_are_open_at_a_time() -> None:
    shelf = KeptPhotos(most_open=2)
    kept = [shelf.keep(photo(number)) for number in range(3)]
    shelf.settle()
    opened = [one.image for one in kept]
    assert kept[2].image is opened[2]
    assert kept[0].image is not opened[0], "it was closed and is opened again"
    shelf.close()
    assert kept[2].image is not opened[2]


def test_what_was_just_brought_is_not_unpacked_to_be_looked_at() -> None:
    shelf, brought = KeptPhotos(), photo(1)
    assert shelf.keep(brought).image is brought.image


def test_a_photo_is_packed_after_its_answer_unless_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[Image.Image] = []
    monkeypatch.setattr("core.photos.kept.pack", lambda image: packed.append(image) or pack(image))
    shelf, photos = KeptPhotos(later=60), [photo(number) for number in range(MOST_WAITING + 2)]
    kept = [shelf.keep(one) for one in photos[:MOST_WAITING]]
    assert all(one.there for one in kept)
    assert (packed, shelf.held_bytes) == ([], MOST_WAITING * 40 * 40 * 3)
    kept += [shelf.keep(one) for one in photos[MOST_WAITING:]]
    assert [id(image) for image in packed] == [id(one.image) for one in photos[:2]]
    del kept[2:]
    shelf.settle()
    assert len(packed) == 2, "what nobody has any more is not packed"
    shelf.close()
    assert [np.array_equal(np.asarray(one.image), np.asarray(photo(at).image)) for at, one in enumerate(kept)] == [
        True,
        True,
    ]


def test_many_threads_keep_and_open_the_same_photos() -> None:
    shelf = KeptPhotos(most_open=2)
    wrong: list[int] = []

    def work() -> None:
        for number in range(20):
            kept: KeptPhoto = shelf.keep(photo(number % 5))
            if not np.array_equal(np.asarray(kept.image), np.asarray(photo(number % 5).image)):
                wrong.append(number)

    threads = [threading.Thread(target=work) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
