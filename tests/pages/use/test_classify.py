"""The Classify page: the one photo and many more, a sentence for what is no photo, and why."""

import csv
import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.checkpoints import CARD, find, note_training, trained_folder
from core.models.faults import Fault
from core.photos.door import open_photo
from core.rights import Person
from core.runs.store.owners import Owners
from core.runs.store.store import STORE_NAME, Store
from core.runs.worksheets import Part, Worksheet, Worksheets
from pages._ui import cached, state
from pages.use._classify import gallery
from pages.use._classify.answers import Classified
from pages.use._classify.many.sender import Added
from pages.use._classify.take_away import as_csv
from tests.pages.networks import ship
from tests.pages.use.adding import add, picture, take_away
from tests.pages.visit import ME, check, jpeg, open_page, texts, upload, visitor


@pytest.fixture
def page(folder: Path) -> AppTest:
    ship(folder, "tiny", wrong=5)
    return open_page(visitor(), "use/classify")


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def bars(page: AppTest) -> list[str]:
    """The bars of every answer, as they are written."""
    return [entry.value for entry in page.html if 'role="img"' in entry.value]


def test_the_photo_that_follows_the_student_is_classified_at_once(page: AppTest) -> None:
    assert "knows 10 classes" in said(page)
    assert len(bars(page)) == 1
    assert "Digits (built in): 0" in bars(page)[0]


def test_the_answer_is_drawn_before_any_picture_is_made(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page.segmented_control(key="photo_from").set_value("upload").run()
    done: list[str] = []
    photo, save = jpeg(size=(500, 400)), Image.Image.save
    monkeypatch.setattr(gallery, "bars", lambda *_rows, **_said: done.append("answer"))

    def saved(image: Image.Image, *arguments: Any, **named: Any) -> None:
        if threading.current_thread().name != "photos":  # which packs those that came before, when they have waited
            done.append("picture")
        save(image, *arguments, **named)

    monkeypatch.setattr(Image.Image, "save", saved)
    page.file_uploader(key="photo_upload").upload("mine.jpg", photo, "image/jpeg").run()
    check(page)
    assert done[0] == "answer", "whoever has sent a photo waits for that"
    assert done.count("picture") > 2


def test_the_sample_is_one_of_the_networks_own_test_images_until_the_student_chooses(page: AppTest) -> None:
    assert "A test image of Digits" in said(page)
    assert "whatever it says is wrong" not in said(page)
    open_page(page, "learn/convolution")
    assert "china.jpg" in said(page)
    page.button(key="photo_sample_2").click().run()
    open_page(page, "use/classify")
    assert "flower.jpg" in bars(page)[0], "what was chosen follows the student"
    assert "nothing of what this network knows, and it can only answer 0, 1 … 9: whatever it says is wrong" in said(
        page
    )
    page.button(key="photo_sample_3").click().run()
    assert "Digits (built in): 2" in bars(page)[0]
    assert "whatever it says is wrong" not in said(page)


def test_what_the_command_line_trained_is_offered_wherever_it_lies(home: Path, folder: Path, tmp_path: Path) -> None:
    ship(trained_folder() / "digits-lenet-1a2b3c4d", "final")
    ship(tmp_path / "mine", "final", wrong=3)
    note_training(tmp_path / "mine")
    page = open_page(visitor(), "use/classify")
    offered = page.selectbox(key="checkpoint_chosen").options
    assert (
        sorted(option.rpartition(" · ")[0] for option in offered)
        == ["final on digits · trained on the command line"] * 2
    )
    for option in offered:
        page.selectbox(key="checkpoint_chosen").select(option).run()
        assert "knows 10 classes" in said(page)


def test_with_no_network_there_is_a_way_out(folder: Path) -> None:
    assert "No trained network" in said(open_page(visitor(), "use/classify"))


def test_a_bad_file_gets_its_sentence_and_the_others_go_on(page: AppTest) -> None:
    files = [
        ("first.png", picture("red")),
        ("broken.png", picture()[:60]),
        ("letter.jpg", b"Dear Sir or Madam"),
        ("empty.png", b""),
        ("last.png", picture("blue")),
    ]
    add(page, *files)
    assert "first.png" in said(page)
    assert "last.png" in said(page)
    (named,) = [each.value.replace("\\", "") for each in page.warning]
    assert named.startswith("3 could not be read:")
    assert "letter.jpg: This is not a picture the lab can open" in named
    assert "empty.png: This file is empty" in named
    assert len(bars(page)) == 2
    assert "Traceback" not in said(page)


def test_file_names_cannot_write_markup(page: AppTest) -> None:
    add(page, ("<img src=x>**b**.png", picture()))
    assert all("<img src=x>" not in box for box in bars(page))
    assert all("**b**" not in entry.value for entry in page.markdown)


def test_sixty_photos_are_answered_and_drawn_some_at_a_time(page: AppTest) -> None:
    colours = [f"rgb({4 * number},{number},90)" for number in range(60)]
    page.session_state[state.CLASSIFIED] = [
        Added(name=f"{number}.png", photo=cached.kept_photos().keep(open_photo(picture(colour))))
        for number, colour in enumerate(colours)
    ]
    check(page.run())
    assert "60 photos are answered" in said(page)
    assert len(bars(page)) == 24
    page.get("pagination")[0].set_value(3).run()
    assert len(bars(page)) == 12
    assert "59.png" in said(page)


def test_a_photo_that_had_to_go_is_a_sentence_beside_its_name(page: AppTest) -> None:
    add(page, ("first.png", picture("red")), ("second.png", picture("blue")))
    (first, _second) = page.session_state["classify_photos"]
    cached.kept_photos().settle()
    first.photo.__dict__["_packed"].data = None
    st.cache_data.clear()  # its small copy would still be known
    page.run()
    assert len(page.error) == 1
    assert "no longer kept" in page.error[0].value
    assert "second.png" in said(page)


_RECEIVED = " as the network receives it"


def explained(page: AppTest) -> str:
    """The photo that "Why this answer?" is about: the one whose square of numbers is shown."""
    names = [image.proto.imgs[0].alt for image in page.image]
    (shown,) = [name for name in names if name.endswith(_RECEIVED)]
    return str(shown).removesuffix(_RECEIVED)


def in_table(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The photos of "Answers as CSV", in order."""
    taken: list[bytes] = []
    monkeypatch.setattr(
        gallery, "_offer_files", lambda _network, answers, *, top: taken.append(as_csv(answers, top=top))
    )
    check(page.run())
    return [row[0] for row in csv.reader(io.StringIO(taken[-1].decode("utf-8-sig")))][1:]


def test_the_newest_photo_is_explained_and_the_sample_leaves_when_own_ones_have_come(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = explained(page)
    add(page, ("first.png", picture("red")))
    assert explained(page) == "first.png"
    assert in_table(page, monkeypatch) == ["first.png"]
    add(page, ("second.png", picture("blue")))
    assert "2 photos are answered" in said(page)
    assert explained(page) == "second.png"
    (photo,) = [box for box in page.selectbox if box.label == "Photo"]
    photo.select_index(0).run()
    assert explained(page) == "first.png"
    upload(page, "third.jpg", jpeg())
    assert explained(page) == "third.jpg", "whichever way it comes, the newest one"
    add(page, ("fourth.png", picture("green")))
    assert explained(page) == "fourth.png"
    names = ["first.png", "second.png", "third.jpg", "fourth.png"]
    assert in_table(page, monkeypatch) == names
    page.segmented_control(key="photo_from").set_value("samples").run()
    page.button(key="photo_sample_1").click().run()
    assert explained(page) == sample
    assert in_table(page, monkeypatch) == [*names[:2], "fourth.png", f"{sample} (a sample)"]
    add(page, ("fifth.png", picture("white")))
    assert in_table(page, monkeypatch) == ["first.png", "second.png", "fourth.png", "fifth.png"]


def test_the_newest_photo_is_explained_after_those_before_were_taken_away(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(page, ("first.png", picture("red")), ("second.png", picture("blue")))
    upload(page, "own.jpg", jpeg())
    take_away(page, monkeypatch)
    add(page, ("new.png", picture("green")))
    assert explained(page) == "new.png"
    assert in_table(page, monkeypatch) == ["own.jpg", "new.png"]


def test_the_sample_of_a_network_that_is_chosen_after_photos_were_added_is_not_among_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(folder, "tiny", wrong=5)
    ship(folder, "shapes", wrong=5, dataset="shapes")
    visit = visitor()
    visit.query_params["checkpoint"] = "tiny"
    page = open_page(visit, "use/classify")
    add(page, ("first.png", picture("red")))
    page.selectbox(key="checkpoint_chosen").select("shapes").run()
    assert explained(page) == "first.png"
    assert in_table(page, monkeypatch) == ["first.png"]


def test_what_a_worksheet_is_offered_first_is_of_the_newest_photo(home: Path, page: AppTest) -> None:
    store, part = Store(home / STORE_NAME), Part(page="classify", title="T", task="Ask.")
    given = Worksheets(store).make(
        Worksheet(title="T", lead="", parts=(part,)), by=Person(owner="t", runs_the_lab=True)
    )
    Owners(store).call(ME, "Ada")
    Worksheets(store).begin(given.id, by=Person(owner=ME))
    add(page, ("first.png", picture("red")), ("second.png", picture("blue")))
    captions = [one.caption for one in page.session_state["worksheet_shown"].now.values()]
    assert [caption.partition(":")[0] for caption in captions[:2]] == ["second.png", "first.png"]


def test_any_class_can_be_asked_why(page: AppTest) -> None:
    (question,) = [box for box in page.selectbox if box.label == "Why, or why not"]
    assert len(question.options) == 10
    least = question.options[9].split(" ")[0]
    question.select_index(9).run()
    assert f"the score of {least} (HiResCAM; ReLU after convolution" in said(page) or f"speaks for {least}," in said(
        page
    )


def test_the_layer_of_the_heat_map_can_be_chosen_and_is_named(page: AppTest) -> None:
    (layer,) = [box for box in page.selectbox if box.label == "Layer"]
    assert layer.value == ""  # the last one that speaks for the answer
    layer.select_index(1).run()
    assert layer.options[1:] == ["ReLU after convolution 1 of 3", "ReLU after convolution 2 of 3"]
    assert "ReLU after convolution 1 of 3, in the code 0.2" in said(page)
    page.segmented_control(key="why_method").set_value("Grad-CAM").run()
    assert "(Grad-CAM" in said(page)


def test_equal_weights_answer_with_the_classes_of_their_own_network(folder: Path) -> None:
    """A class that was renamed, trained again from the same seed."""
    ship(folder, "ab")
    renamed = ship(folder, "ba").folder / CARD
    about = json.loads(renamed.read_text())
    about["classes"] = [f"digit {name}" for name in about["classes"]]
    renamed.write_text(json.dumps(about))
    assert find("ab").card.sha256 == find("ba").card.sha256
    page = open_page(visitor(), "use/classify")
    add(page, ("red.png", picture("red")))
    assert "digit" not in bars(page)[-1]
    page.selectbox(key="checkpoint_chosen").select("ba").run()
    assert bars(check(page))[-1].count("digit") >= 5
    page = open_page(page, "learn/feature_maps")
    assert "** answers **digit" in said(page)


def test_a_network_without_maps_says_so_instead_of_a_heat_map(folder: Path) -> None:
    ship(folder, "dense", model="simple_nn")
    assert "no maps" in said(open_page(visitor(), "use/classify"))


def test_what_the_network_receives_is_shown_with_its_shape(page: AppTest) -> None:
    assert "(1, 1, 28, 28)" in said(page)


def test_handwriting_is_made_as_the_networks_data_was_until_it_is_switched_off(page: AppTest) -> None:
    sheet = Image.new("RGB", (200, 100), "white")
    sheet.paste("navy", (150, 20, 162, 80))
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    add(page, ("one.png", stream.getvalue()))
    assert "inverted, to bright on black; cut to the ink, 12 of 200 px wide and 60 of 100 px high" in said(page)
    pictures = len(page.get("image"))
    check(page.toggle(key="photo_made_digits").set_value(False).run())
    assert "inverted" not in said(page)
    assert "cut to its centre square, which leaves out 50 % of it; made smaller, from 100×100 to 28×28 px" in said(page)
    assert len(page.get("image")) == pictures - 1


def test_a_network_of_photos_has_nothing_to_make_of_them(folder: Path) -> None:
    ship(folder, "photos", dataset="cifar10")
    page = open_page(visitor(), "use/classify")
    assert not [entry for entry in page.toggle if "photo_made" in str(entry.key)]


def test_photos_are_said_to_stay_here(page: AppTest) -> None:
    assert "stay on the machine" in said(page)


def test_the_table_has_a_row_a_photo_and_no_formula() -> None:
    answers = [
        Classified(
            name="=cmd()",
            ranking=(("cat", 0.75), ("dog", 0.25)),
            shows="cat",
            faults=(Fault(kind="too dark", sentence="Too dark."),),
        ),
        Classified(name="b, c.png", error="This file is empty; choose a photo."),
    ]
    rows = list(csv.reader(io.StringIO(as_csv(answers, top=2).decode("utf-8-sig"))))
    told = ["photo", "error", "shows", "what is wrong", "in its world"]
    assert rows[0] == [*told, "class 1", "probability 1", "class 2", "probability 2"]
    assert rows[1] == ["'=cmd()", "", "cat", "too dark", "", "cat", "0.750000", "dog", "0.250000"]
    assert rows[2] == ["b, c.png", "This file is empty; choose a photo.", "", "", ""]
