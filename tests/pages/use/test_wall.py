"""The class photo wall: photos whose classes were given are judged beside the test split, and may be corrected."""

import io
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.own import NewPicture, OwnPictures, open_own_sets
from core.intervals import percent, wilson_interval
from core.photos.door import open_photo
from core.rights import Person
from pages._ui import cached, state
from pages.use._classify.many import own_set
from pages.use._classify.many.sender import FULL, Added
from tests.core.data.own.generated import photograph
from tests.pages.networks import ship
from tests.pages.use.adding import add, picture
from tests.pages.visit import ME, check, open_page, texts, visitor


@pytest.fixture
def page(folder: Path) -> AppTest:
    ship(folder, "tiny", wrong=5)
    return open_page(visitor(), "use/classify")


def said(page: AppTest) -> str:
    return texts(check(page)).replace("\\", "")


def answer(page: AppTest) -> str:
    """What the network says of a red picture."""
    (box,) = [each.value for each in page.html if 'role="img"' in each.value and "red.png" in each.value]
    return box.split("red.png: ")[1].split(" ")[0]


def test_photos_without_a_class_are_no_test_set(page: AppTest) -> None:
    add(page, ("red.png", picture("red")))
    assert "A test set of your own" not in [entry.value for entry in page.header]


def test_photos_with_classes_are_judged_beside_the_test_split(page: AppTest) -> None:
    add(page, ("red.png", picture("red")))
    right = answer(page)
    wrong = next(name for name in "0123456789" if name != right)
    photo = cached.kept_photos().keep(open_photo(picture("red")))
    page.session_state[state.CLASSIFIED] = [
        *(Added(name=f"{number}.png", photo=photo, shows=right) for number in range(3)),
        Added(name="other.png", photo=photo, shows=wrong),
    ]
    page.run()
    low, high = wilson_interval(3, 4)
    assert f"75 % of 4 photos (95 % interval {percent(low)} to {percent(high)}) from outside" in said(page)
    assert "images of the test split" in said(page)
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Your photos"] == "75 %"
    assert f"| {wrong} | 1 | 0 % |" in said(page)
    assert f"Wrong: it shows {wrong}." in said(page)

    page.selectbox(key="wall_photo").set_value(3).run()
    page.selectbox(key="wall_class_3").set_value(right).run()
    page.button(key="wall_set").click().run()
    assert {metric.label: metric.value for metric in check(page).metric}["Your photos"] == "100 %"


def test_why_photos_fail_is_told_by_what_reached_the_network(page: AppTest) -> None:
    page.toggle(key="photo_made_digits").set_value(False).run()
    sheet = Image.new("RGB", (300, 300), "white")
    sheet.paste("black", (30, 40, 60, 140))
    photo = cached.kept_photos().keep(open_photo(_png(sheet)))
    page.session_state[state.CLASSIFIED] = [Added(name="one.png", photo=photo, shows="1")]
    page.run()
    assert "| inverted, as received | 1 |" in said(page)
    assert "| off-centre, as received | 1 |" in said(page)
    assert "Inverted: it is dark on light, and the network knows bright on black." in said(page)
    page.toggle(key="photo_made_digits").set_value(True).run()
    assert "as received" not in said(page)


def test_a_set_of_the_class_is_a_test_set_unless_the_network_learned_from_it(page: AppTest) -> None:
    by = Person(owner=ME)
    sets = open_own_sets()
    own = sets.create("Ours", by=by, classes=("1", "lamp"))
    for number in range(3):
        new = NewPicture(data=_png(photograph(number)), file_name=f"{number}.png")
        OwnPictures(sets).add(own.id, own.classes[number // 2].id, new, by=by)
    page.run()
    page.button(key="wall_take").click().run()
    assert "2 photos are answered" in said(page), "two of class 1, and not the sample"
    assert "of 2 photos (95 % interval" in said(page)
    page.button(key="wall_take").click().run()
    assert "2 photos are answered" in said(page), "none is there twice"


def test_a_set_of_somebody_else_is_a_test_set_too_and_stays_as_it_is(page: AppTest) -> None:
    grace, sets = Person(owner="browser-" + "0" * 32), open_own_sets()
    own = sets.create("Hers", by=grace, classes=("1", "2"))
    for number, each in enumerate(own.classes):
        new = NewPicture(data=_png(photograph(number)), file_name=f"{number}.png")
        OwnPictures(sets).add(own.id, each.id, new, by=grace)
    page.run()
    page.button(key="wall_take").click().run()
    before = sets.get(own.id)
    page.selectbox(key="wall_photo").set_value(1).run()
    page.selectbox(key="wall_class_1").set_value("7").run()
    page.button(key="wall_set").click().run()
    assert "of 2 photos (95 % interval" in said(page)
    assert sets.get(own.id) == before, "what is said of a photo here is not said of her picture"
    sets.delete(own.id, by=grace)
    page.button(key="wall_take").click().run()
    assert "This set has been deleted, or has no more photos that fit; choose another." in said(page)
    assert "of 2 photos (95 % interval" in said(page), "what has come stays"


def test_sets_of_one_title_are_told_apart_and_the_bound_is_said(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    grace, sets = Person(owner="browser-" + "0" * 32), open_own_sets()
    for first in (0, 10):
        own = sets.create("Numbers", by=grace, classes=("1", "2"))
        for number, each in enumerate(own.classes, start=first):
            new = NewPicture(data=_png(photograph(number)), file_name=f"{number}.png")
            OwnPictures(sets).add(own.id, each.id, new, by=grace)
    page.run()
    for own, names in zip(sets.list(), (["10.png", "11.png"], ["0.png", "1.png"]), strict=True):
        page.selectbox(key="wall_set_of").select(own.id).run()
        page.button(key="wall_take").click().run()
        assert [one.name for one in page.session_state[state.CLASSIFIED]] == names
        page.session_state[state.CLASSIFIED] = []
    monkeypatch.setattr(own_set, "MOST", 1)
    page.button(key="wall_take").click().run()
    assert len(page.session_state[state.CLASSIFIED]) == 1
    assert FULL in said(page)


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
