"""One photo, chosen once, follows the student; a file that is no photo is a sentence."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visit import check, jpeg, open_page, texts, upload


def test_an_uploaded_photo_is_on_every_page_that_follows(app: AppTest) -> None:
    upload(app, "mine.jpg", jpeg())
    for page in ("learn/convolution", "learn/feature_maps", "learn/augmentation", "home/start"):
        assert "mine\\.jpg" in texts(open_page(app, page))


def test_a_photo_that_lies_on_its_side_is_turned_upright(app: AppTest) -> None:
    upload(app, "side.jpg", jpeg(size=(80, 40), orientation=6))
    assert "40×80 px" in texts(app)


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


def test_a_data_set_that_is_not_here_offers_a_download_and_fetches_nothing(app: AppTest) -> None:
    app.segmented_control(key="photo_from").set_value("dataset").run()
    app.selectbox(key="photo_dataset").select("cifar10").run()
    assert "not on this machine" in texts(check(app))
    assert app.button(key="fetch_cifar10_None").label == "Download CIFAR-10"


def test_a_download_that_fails_is_a_sentence(app: AppTest) -> None:
    app.segmented_control(key="photo_from").set_value("dataset").run()
    app.selectbox(key="photo_dataset").select("cifar10").run()
    app.button(key="fetch_cifar10_None").click().run()
    check(app)
    assert "built-in digits or shapes" in texts(app).replace("\\", "")
