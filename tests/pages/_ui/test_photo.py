"""One photo, chosen once, follows the student; a file that is no photo is a sentence."""

from typing import Any

import pytest
from PIL import Image
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.testing.v1 import AppTest

from core.data.own import OwnPictures, open_own_sets
from core.errors import PhotoError
from core.photos.door import Photo
from pages._ui import cached, state
from pages._ui.choose import photo
from pages._ui.choose.samples import Learned, samples_for
from pages._ui.choose.uploads import open_upload
from tests.core.data.own.conftest import ADA, new
from tests.pages.visit import check, jpeg, open_page, texts, upload


@pytest.fixture
def app(app: AppTest) -> AppTest:
    """The start page, drawn."""
    return app.run()


def test_an_uploaded_photo_is_on_every_page_that_follows(app: AppTest) -> None:
    upload(app, "mine.jpg", jpeg())
    for page in ("learn/convolution", "learn/feature_maps", "learn/augmentation", "home/start"):
        assert "mine\\.jpg" in texts(open_page(app, page))


def test_a_photo_that_lies_on_its_side_is_turned_upright(app: AppTest) -> None:
    upload(app, "side.jpg", jpeg(size=(80, 40), orientation=6))
    assert "40 px wide, 80 px high" in texts(app)


@pytest.mark.parametrize("data", [b"not a picture", jpeg()[:300]], ids=["text", "truncated"])
def test_a_file_that_is_no_photo_is_a_sentence_and_the_old_photo_stays(app: AppTest, data: bytes) -> None:
    before = app.session_state["photo_chosen"]
    upload(app, "bad.jpg", data)
    assert len(app.error) == 1
    assert app.session_state["photo_chosen"] == before


def test_a_name_is_shown_as_text_and_not_as_markup(app: AppTest) -> None:
    upload(app, "**bold** <b>x</b>.jpg", jpeg())
    assert "**bold**" not in texts(app).replace("\\*", "")


def test_an_image_of_a_data_set_can_be_taken(app: AppTest) -> None:
    app.segmented_control(key="photo_from").set_value("dataset").run()
    app.selectbox(key="photo_dataset").select("digits").run()
    app.button(key="photo_random").click().run()
    photo = check(app).session_state["photo_chosen"]
    assert photo.name.startswith("Digits")
    assert photo.image.size == (28, 28)
    assert "from the test split" in texts(app)


def test_a_class_without_test_images_is_not_offered(app: AppTest) -> None:
    sets = open_own_sets()
    own = sets.create("Ours", by=ADA, classes=("cup", "lamp", "mug"))
    for seed in range(25):
        cup, lamp, mug = (each.id for each in own.classes)
        class_id = lamp if seed == 24 else (cup, mug)[seed % 2]
        OwnPictures(sets).add(own.id, class_id, new(seed), by=ADA)
    app.segmented_control(key="photo_from").set_value("dataset").run()
    app.selectbox(key="photo_dataset").select(own.name).run()
    assert check(app).selectbox(key=f"photo_class_{own.name}").options == ["any class", "cup", "mug"]
    app.selectbox(key=f"photo_class_{own.name}").select("mug").run()
    app.button(key="photo_random").click().run()
    assert check(app).session_state["photo_chosen"].name == "Ours: mug"
    assert "have never seen" not in texts(app), "the set may have been another one when something learned from it"


@pytest.mark.parametrize(
    ("dataset", "classes", "shows", "wrong"),
    [
        ("cats_vs_dogs", ("cat", "dog"), "ship", True),
        ("cats_vs_dogs", ("cat", "dog"), "Cat", False),
        ("digits", ("0", "1", "2"), "", True),
        ("own-k7mq2xw9ab@0123456789ab", ("Katze", "Hund"), "cat", False),
        ("own-k7mq2xw9ab@0123456789ab", ("flower", "tree"), "", False),
    ],
)
def test_a_photo_is_said_to_show_nothing_of_a_network_only_where_that_is_known(
    dataset: str, classes: tuple[str, ...], shows: str, wrong: bool
) -> None:
    def page(dataset: str, classes: tuple[str, ...], shows: str) -> None:
        import streamlit as st

        from pages._ui.choose.samples import Learned, say_where_nothing_fits

        st.session_state["photo_shows"] = shows
        say_where_nothing_fits(Learned(dataset=dataset, classes=classes))

    app = AppTest.from_function(page, args=(dataset, classes, shows)).run()
    assert bool(check(app).info) is wrong


def test_a_data_set_that_is_not_here_offers_a_download_and_fetches_nothing(app: AppTest) -> None:
    app.segmented_control(key="photo_from").set_value("dataset").run()
    app.selectbox(key="photo_dataset").select("cifar10").run()
    assert "not on this machine" in texts(check(app))
    assert app.button(key="fetch_cifar10_None").label.replace("\\", "") == "Download CIFAR-10"


def test_a_download_that_fails_is_a_sentence(app: AppTest) -> None:
    app.segmented_control(key="photo_from").set_value("dataset").run()
    app.selectbox(key="photo_dataset").select("cifar10").run()
    app.button(key="fetch_cifar10_None").click().run()
    check(app)
    assert "built-in digits or shapes" in texts(app).replace("\\", "")


def test_an_uploaded_file_is_let_go_once_it_has_been_read(app: AppTest) -> None:
    upload(app, "mine.jpg", jpeg())
    assert app.session_state["photo_upload"].getvalue() == b""
    app.run()
    assert "mine\\.jpg" in texts(check(app)), "and the photo stays"
    assert not app.error


def test_a_photo_is_taken_up_though_another_press_cuts_its_coming_off(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, pressed = state.set_photo, False

    def press_once(*given: Any, **named: Any) -> None:
        nonlocal pressed
        if not pressed:
            pressed = True
            raise RerunException(RerunData())
        kept(*given, **named)

    monkeypatch.setattr(state, "set_photo", press_once)
    upload(app, "mine.jpg", jpeg())
    assert pressed
    assert "mine\\.jpg" in texts(app)
    assert len(app.error) == 0


def test_a_photo_that_was_chosen_while_another_was_being_opened_stays(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = photo.open_upload

    def while_another_is_chosen(file: Any) -> Photo:
        found = opened(file)
        state.set_photo(samples_for(None)[1].photo, "a sample")
        return found

    monkeypatch.setattr(photo, "open_upload", while_another_is_chosen)
    upload(app, "mine.jpg", jpeg())
    assert "mine\\.jpg" not in texts(app)
    assert "A sample" in texts(app)


def test_the_same_file_again_is_taken_again(app: AppTest) -> None:
    upload(app, "mine.jpg", jpeg())
    app.segmented_control(key="photo_from").set_value("samples").run()
    app.button(key="photo_sample_2").click().run()
    upload(app, "mine.jpg", jpeg())
    assert "mine\\.jpg" in texts(app)


def test_a_file_that_the_server_did_not_take_in_is_a_sentence() -> None:
    with pytest.raises(PhotoError, match="add it again"):
        open_upload(DeletedFile("0123"))


def test_a_photo_that_had_to_go_is_said_and_a_sample_takes_its_place(app: AppTest) -> None:
    upload(app, "mine.jpg", jpeg())
    shelf = cached.kept_photos()
    shelf.most_bytes = 1
    other = shelf.keep(Photo(image=Image.new("RGB", (8, 8)), sha256="another student's", name="other.png"))
    shelf.settle()
    open_page(app, "learn/convolution")
    assert "no longer kept" in texts(app)
    assert "china\\.jpg" in texts(app)
    app.run()
    assert "no longer kept" not in texts(check(app)), "it is said once"
    assert other.name == "other.png", "somebody has it all the while"


def test_a_photograph_of_a_class_that_the_network_knows_comes_first() -> None:
    first, *others = samples_for(Learned(dataset="pets", classes=("cat", "mouse")))
    assert (first.photo.name, first.shows, first.source) == (
        "chelsea.png",
        "cat",
        "a sample photograph of scikit-image",
    )
    assert [one.shows for one in others] == ["", ""]
    assert [one.photo.name for one in samples_for(None)] == ["china.jpg", "flower.jpg", "chelsea.png"]
