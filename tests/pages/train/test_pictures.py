"""Your pictures and Add pictures: a set is made, filled from phones and files, looked through and judged."""

import io
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit import config
from streamlit.elements.lib.mutable_popover_container import PopoverContainer
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest

from core.data import load, make_split
from core.data.own import Joining, NewPicture, OwnPictures, OwnSet, OwnSetError, open_own_sets
from core.data.own.ways_out.saved_set import save_set
from core.recipes import recipe_config
from core.rights import Person
from core.runs.store.owners import Owners
from core.runs.store.store import STORE_NAME, Store
from pages._ui import state
from pages._ui.classroom import invitation
from pages._ui.draw.picture_wall import chosen_among
from pages._ui.server import arrivals, goes_on
from pages._ui.server.goes_on import GoesOn
from pages.train._pictures import claimed, joining, zip_in
from pages.train._pictures.overview import overview
from tests.core.data.own.generated import near_copy, photograph
from tests.pages.runs import queued
from tests.pages.visit import ME, check, open_page, texts

MYSELF, GRACE = Person(owner=ME), Person(owner="browser-" + "0" * 32)
_GONE = "The class that you had chosen is not in this set any more"
RUDE = "<b>*mug*</b> [x](http://example.org) $1$"


def jpeg(seed: int, *, copied: bool = False) -> bytes:
    image = photograph(seed, side=200)
    buffer = io.BytesIO()
    (near_copy(image) if copied else image).save(buffer, "JPEG")
    return buffer.getvalue()


def filled(
    by: Person = MYSELF, *, people: int = 3, title: str = "Desks", classes: tuple[str, ...] = ("mug", "shoe")
) -> OwnSet:
    """A set with six different pictures a class and person."""
    own = open_own_sets().create(title, by=by, classes=classes)
    for person in range(people):
        for place, each in enumerate(own.classes):
            for seed in range(6):
                add(own, each.id, jpeg(100 * person + 10 * place + seed), ("Ada", "Ben", "Cem")[person], by=by)
    return open_own_sets().get(own.id)


def add(own: OwnSet, class_id: int, data: bytes, contributor: str | None = None, *, by: Person = MYSELF) -> str:
    new = NewPicture(data=data, file_name="a.jpg", contributor=contributor)
    return OwnPictures(open_own_sets()).add(own.id, class_id, new, by=by).picture.id


def shown(app: AppTest, own: OwnSet | None = None) -> AppTest:
    if own is not None:
        app.query_params[state.OWN_SET] = own.id
    return open_page(app, "train/pictures")


def joined(app: AppTest, code: str | None) -> AppTest:
    if code is not None:
        app.query_params[state.JOIN_CODE] = code
    return open_page(app, "train/join")


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    return check(button.click().run())


def labels(page: AppTest) -> set[str]:
    return {button.label for button in page.button}


def written(page: AppTest) -> str:
    """What the page writes as HTML."""
    return "".join(each.proto.body for each in page.get("html"))


def test_an_empty_lab_says_what_to_do_and_makes_a_set(app: AppTest) -> None:
    page = shown(app)
    assert "Make a set: a title, and the names of what is to be told apart." in texts(page)
    page.text_input(key=state.NEW_SET_TITLE).set_value("Desks")
    page.text_area(key=state.NEW_SET_CLASSES).set_value("mug,  shoe;\n\nplant ")
    page = press(page, "Make the set")
    (own,) = open_own_sets().list()
    assert (own.title, own.owner, [each.name for each in own.classes]) == ("Desks", ME, ["mug", "shoe", "plant"])
    assert page.query_params[state.OWN_SET] == own.id
    assert "mug: 0, shoe: 0, plant: 0" in texts(page).replace("\\", "")


def test_a_set_with_one_class_is_refused_with_a_sentence_and_what_was_typed_stays(app: AppTest) -> None:
    page = shown(app)
    page.text_input(key=state.NEW_SET_TITLE).set_value("Desks")
    page.text_area(key=state.NEW_SET_CLASSES).set_value("mug")
    page = press(page, "Make the set")
    assert "A set needs two classes to tell apart" in texts(page)
    assert page.text_area(key=state.NEW_SET_CLASSES).value == "mug"
    assert open_own_sets().list() == ()


def test_many_files_go_into_the_chosen_class_and_what_is_none_has_a_sentence(app: AppTest) -> None:
    own = filled(people=0)
    shoe = own.classes[1]
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("files").run()
    page.segmented_control(key=class_box(own)).set_value(shoe.id).run()
    page.text_input(key=state.CONTRIBUTOR).set_value("Ada").run()
    files = [
        ("one.jpg", jpeg(1), "image/jpeg"),
        ("two.jpg", jpeg(2), "image/jpeg"),
        ("again.jpg", jpeg(1), "image/jpeg"),
    ]
    page.file_uploader(key=f"files_{own.id}_0").set_value([*files, ("notes_1.jpg", b"hello", "image/jpeg")]).run()
    check(page)
    kept = OwnPictures(open_own_sets()).list(own.id)
    assert [(each.class_id, each.contributor) for each in kept] == [(shoe.id, "Ada")] * 2
    said = texts(page)
    assert "2 pictures kept." in said
    assert "notes\\_1\\.jpg: This is not a picture the lab can open" in said
    assert "again\\.jpg: This picture is in the class" in said


class Browser:
    """Announces files and sends them, as the browser of whoever visits does."""

    def __init__(self) -> None:
        self.files = MemoryUploadedFileManager("/upload")
        arrivals.note_what_comes(self.files)

    def announces(self, *names: str) -> list[str]:
        return [each.file_id for each in self.files.get_upload_urls("ada", names)]

    def sends(self, file_id: str, data: bytes) -> None:
        self.files.add_file("ada", UploadedFileRec(file_id, "one.jpg", "image/jpeg", data))


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setattr(arrivals, "_expected", {})
    monkeypatch.setattr(arrivals, "_session", lambda: "ada")
    return Browser()


def drawn_until(said: str, page: AppTest) -> None:
    """Draw the page as its clock does."""
    end = time.monotonic() + 60
    while said not in plainly(check(page.run())):
        assert time.monotonic() < end


def plainly(page: AppTest) -> str:
    return texts(page).replace("\\", "")


def comes_to(count: int, own: OwnSet) -> list[int]:
    """Wait for so many pictures; the classes that they are in."""
    end = time.monotonic() + 60
    while len(kept := OwnPictures(open_own_sets()).list(own.id)) < count and time.monotonic() < end:
        time.sleep(0.01)
    return [each.class_id for each in kept]


def test_what_never_came_is_named_beside_what_was_kept_and_a_zip_that_stalls_has_a_sentence(
    app: AppTest, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("files").run()
    one, _two, many = browser.announces("one.jpg", "two_2.jpg", "many.jpg")
    arrivals.refuse("ada", many)
    browser.sends(one, jpeg(50))
    monkeypatch.setattr(arrivals, "SILENT", 0.2)
    said = plainly(check(page.run()))
    assert "1 picture kept." in said
    assert "two_2.jpg: did not arrive: it was called off, or the connection broke" in said
    assert "many.jpg: was not taken in, as more than 24 came at once" in said
    monkeypatch.setattr(arrivals, "SILENT", 0.0)
    browser.announces("three.jpg")
    page.segmented_control(key=f"way_{own.id}").set_value("zip").run()
    browser.announces("all.zip")
    said, lost = (
        plainly(check(page.run())),
        "all.zip did not arrive: it was called off, or the connection broke; add it",
    )
    assert f"{lost} again. Nothing of it was kept." in said
    assert "three.jpg did not arrive" in said, "its field is out of sight"
    monkeypatch.setattr(arrivals, "SILENT", 60.0)
    (again,) = browser.announces("all.zip")
    browser.sends(again, zipped(SORTED))
    said = plainly(check(page.run(timeout=30)))  # nothing more of the one that broke off is waited for
    assert "3 pictures kept." in said
    monkeypatch.setattr(arrivals, "SILENT", 0.0)
    assert lost not in plainly(check(page.run())), "it was sent again, and came"


def test_a_file_goes_into_the_class_that_was_chosen_when_it_was_sent(app: AppTest, browser: Browser) -> None:
    own = filled(GRACE, people=0)
    mug, shoe = own.classes
    page = joined(app, Joining(open_own_sets()).open(own.id, by=GRACE))
    box = page.segmented_control(key=f"join_class_{own.id}")
    box.set_value(mug.id).run()
    field = page.file_uploader(key=f"join_files_{own.id}_0").proto.id
    one, none = browser.announces("one.jpg", "none.JPG")
    check(box.set_value(shoe.id).run())
    assert page.file_uploader(key=f"join_files_{own.id}_0").proto.id == field, "its list would be lost"
    browser.sends(one, jpeg(1))
    browser.sends(none, b"hello")
    said = plainly(check(page.run()))
    assert comes_to(1, own) == [mug.id]
    assert "Of other classes: mug: 1 kept, 1 not." in said
    assert "picture kept" not in said
    said = plainly(check(box.set_value(mug.id).run()))
    assert "1 picture kept." in said
    assert "Of other classes" not in said
    assert "none.JPG: This is not a picture" in said


def test_photos_are_kept_where_their_sender_has_gone_to_another_page(app: AppTest, browser: Browser) -> None:
    own = filled(GRACE, people=0)
    _mug, shoe = own.classes
    code = Joining(open_own_sets()).open(own.id, by=GRACE)
    page = joined(app, code)
    check(page.segmented_control(key=f"join_class_{own.id}").set_value(shoe.id).run())
    first, second = browser.announces("one.jpg", "two.jpg")
    page = open_page(page, "train/training")
    browser.sends(first, jpeg(1))
    browser.sends(second, jpeg(2))
    assert comes_to(2, own) == [shoe.id] * 2
    (another,) = browser.announces("for the class.jpg")
    browser.sends(another, jpeg(3))
    page = joined(page, code)
    assert page.segmented_control(key=f"join_class_{own.id}").value == shoe.id
    assert "2 pictures kept." in plainly(page), "and what another page's field took was for that"
    assert list(browser.files.file_storage["ada"]) == [another], "nothing else counts for the next ones"


def test_photos_are_kept_where_the_way_is_changed_and_those_taken_out_of_the_list_are_not(
    app: AppTest, browser: Browser
) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("files").run()
    first, second, third = browser.announces("one.jpg", "two.jpg", "three.jpg")
    browser.sends(first, jpeg(1))
    browser.sends(second, jpeg(2))
    comes_to(2, own)
    browser.files.remove_file("ada", second)  # the X beside its name
    browser.files.remove_file("ada", third)
    page.segmented_control(key=f"way_{own.id}").set_value("phones").run()
    drawn_until("mug: 1, shoe: 0", page)
    page.segmented_control(key=f"way_{own.id}").set_value("files").run()
    drawn_until("1 picture kept.", page)
    assert "three" not in plainly(page)


@pytest.fixture
def chosen_for_a_new_set(app: AppTest, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Chooses a zip in the box for a new set, which is closed then."""

    def choose(name: str) -> list[str]:
        with monkeypatch.context() as opened:
            opened.setattr(PopoverContainer, "open", property(lambda _box: True, lambda _box, _value: None))
            check(app.run())
            announced = browser.announces(name)
        check(app.run())
        return announced

    return choose


def test_a_zip_for_a_new_set_is_taken_in_where_its_box_is_closed_and_photos_go_beside_it(
    app: AppTest, browser: Browser, chosen_for_a_new_set: Callable[[str], list[str]]
) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("files").run()
    (photo,), (broken,) = browser.announces("one.jpg"), chosen_for_a_new_set("broken.zip")
    browser.sends(broken, b"hello")
    drawn_until("This is not a zip", page)  # the box with its field is closed
    (together,) = chosen_for_a_new_set("all.zip")
    browser.sends(together, zipped(SORTED))
    browser.sends(photo, jpeg(1))
    drawn_until("3 pictures kept.", page)
    (made,) = [each for each in open_own_sets().list(ME) if each.id != own.id]
    assert (made.pictures, comes_to(1, own)) == (3, [own.classes[0].id])
    assert page.query_params[state.OWN_SET] == made.id


def test_of_two_fields_for_a_zip_the_one_in_sight_takes_it(
    app: AppTest, browser: Browser, chosen_for_a_new_set: Callable[[str], list[str]]
) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("zip").run()
    (first,) = browser.announces("all.zip")
    browser.sends(first, zipped(SORTED))
    drawn_until("3 pictures kept.", page)
    assert [each.id for each in open_own_sets().list(ME)] == [own.id]
    (second,) = chosen_for_a_new_set("all.zip")
    browser.sends(second, zipped(SORTED))
    end = time.monotonic() + 60
    while page.query_params[state.OWN_SET] == own.id and time.monotonic() < end:
        check(page.run())
    assert [each.pictures for each in open_own_sets().list(ME)] == [3, 3]


def test_what_became_of_a_zip_for_a_box_that_is_closed_can_be_put_away(
    app: AppTest, browser: Browser, chosen_for_a_new_set: Callable[[str], list[str]]
) -> None:
    page = shown(app, filled(people=0))
    (broken,) = chosen_for_a_new_set("broken.zip")
    browser.sends(broken, b"hello")
    drawn_until("This is not a zip", page)
    assert "This is not a zip" in plainly(check(page.run()))
    assert "This is not a zip" not in plainly(press(page, "Seen"))


@pytest.fixture
def not_before_a_press(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Cuts the page off at its first look at what goes on; what is wrapped in this waits for that."""
    pressed = threading.Event()

    def press_once(*awaited: Any) -> None:
        if not pressed.is_set():
            pressed.set()
            st.rerun()
        wait(*awaited)

    def wrapped(function: Any) -> Any:
        def waits(*given: Any, **named: Any) -> Any:
            assert pressed.wait(60)
            return function(*given, **named)

        return waits

    monkeypatch.setattr(goes_on, "wait", press_once)
    return wrapped


def test_files_are_all_kept_where_another_press_cuts_the_page_off_meanwhile(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, not_before_a_press: Callable[[Any], Any]
) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("files").run()
    monkeypatch.setattr(OwnPictures, "add", not_before_a_press(OwnPictures.add))
    files = [(f"{seed}.jpg", jpeg(seed), "image/jpeg") for seed in range(3)]
    page.file_uploader(key=f"files_{own.id}_0").set_value(files).run()
    said = texts(check(page))
    assert "3 pictures kept." in said
    assert "again" not in said
    assert len(OwnPictures(open_own_sets()).list(own.id)) == 3


def test_a_zip_is_taken_in_where_another_press_cuts_the_page_off_meanwhile(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, not_before_a_press: Callable[[Any], Any]
) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("zip").run()
    monkeypatch.setattr(zip_in, "bring", not_before_a_press(zip_in.bring))
    page.file_uploader(key=f"zip_{own.id}_0").set_value([("all.zip", zipped(SORTED), "application/zip")]).run()
    said = texts(check(page))
    assert "pictures kept." in said
    assert "not taken in" not in said
    assert len(OwnPictures(open_own_sets()).list(own.id)) == 3


def test_a_zip_that_is_stopped_ends_and_says_what_stays(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("zip").run()
    pressed = threading.Event()

    def press_stop(*_awaited: Any) -> None:
        st.session_state[f"zip_{own.id}_goes_on"]._stopped.set()
        pressed.set()

    def goes_on_until_pressed(*given: Any, tell: Callable[[int], None], **named: Any) -> None:
        tell(1)
        assert pressed.wait(60)
        tell(2)

    monkeypatch.setattr(goes_on, "wait", press_stop)
    monkeypatch.setattr(zip_in, "bring", goes_on_until_pressed)
    page.file_uploader(key=f"zip_{own.id}_0").set_value([("all.zip", zipped(SORTED), "application/zip")]).run()
    assert [error.value.replace("\\", "") for error in check(page).error] == [zip_in._STOPPED]
    assert "Stop" not in labels(page)
    assert page.file_uploader(key=f"zip_{own.id}_1")


def test_work_that_fails_is_told_once_and_another_field_takes_its_place() -> None:
    work, done = GoesOn[int]("work"), []

    def fails() -> int:
        done.append(2)
        raise ValueError("no")

    work.begin({"a": lambda: done.append(1) or 1, "b": fails})
    work.begin({"a": fails})  # has begun
    with pytest.raises(ValueError, match="no"):
        work.finish("…")
    assert (work.names, work.field) == ([], "work_1")
    work.begin({"b": lambda: 2, "c": lambda: 3})
    assert (work.finish("…"), work.names, done) == ([2, 3], ["b", "c"], [1, 2])
    work._stopped.set()  # pressed too late, or while one of them was at work
    assert not work.stopped().is_set()
    work.clear()
    assert (work.names, work.field) == ([], "work_2")


def test_work_that_is_withdrawn_gives_nothing_and_what_came_too_late_to_be_told_is_told_next() -> None:
    work, may_go, undone, begun = GoesOn[int]("work"), threading.Event(), list[int](), threading.Event()

    def first() -> int:
        begun.set()
        assert may_go.wait(60)
        return 1

    work.begin({"a": first, "b": lambda: 2, "c": lambda: 3})
    assert begun.wait(60)
    work.withdraw("a", undone.append)
    work.withdraw("b", undone.append)
    work.withdraw("nobody", undone.append)
    may_go.set()
    assert (work.finish("…"), undone) == ([3], [1]), "what has begun is undone, and what has not does not begin"
    work.begin({"d": lambda: 4})
    work.clear()
    assert work.names == ["d"]
    assert work.finish("…") == [4]


def test_what_cannot_be_undone_is_told_and_what_has_begun_without_a_way_back_goes_on() -> None:
    def refuses(_given: int) -> None:
        raise OwnSetError("not yours")

    work = GoesOn[int]("work")
    work.begin({"a": lambda: 1, "b": lambda: 2})
    assert work.finish("…") == [1, 2]
    work.withdraw("a", refuses)
    work.withdraw("b")
    assert sorted(work.finish("…")) == [1, 2]


def test_work_that_finds_no_thread_begins_with_what_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    work = GoesOn[int]("work")
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(RuntimeError, match="new thread"):
            work.begin({"a": lambda: 1})
    work.begin({"b": lambda: 2})
    assert work.finish("…") == [1, 2]


def test_a_zip_for_a_set_of_its_own_that_is_stopped_leaves_none(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page = shown(app)
    begun = threading.Event()

    def press_stop(*_awaited: Any) -> None:
        assert begun.wait(60)
        st.session_state["zip_new_goes_on"]._stopped.set()

    def looked_at(*_given: Any, tell: Callable[[int], None], **_named: Any) -> None:
        begun.set()
        while True:
            tell(1)

    monkeypatch.setattr(goes_on, "wait", press_stop)
    monkeypatch.setattr("core.data.own.ways_in.import_set.bring", looked_at)
    page.file_uploader(key="zip_new_0").set_value([("all.zip", zipped(SORTED), "application/zip")]).run()
    assert [error.value.replace("\\", "") for error in check(page).error] == [zip_in._NONE_MADE]
    assert open_own_sets().list(ME) == ()


def test_what_ends_programs_is_told_as_a_fault() -> None:
    def ends() -> int:
        raise SystemExit(3)

    work = GoesOn[int]("work")
    work.begin({"a": ends})
    with pytest.raises(RuntimeError, match=r"SystemExit\(3\)"):
        work.finish("…")


def class_box(own: OwnSet) -> str:
    return f"{state.PICTURES_CLASS}_{own.id}_{'|'.join(each.name for each in own.classes)}"


def test_who_is_judged_on_is_said_with_what_so_few_can_tell(app: AppTest) -> None:
    page = shown(app, filled())
    said = texts(page)
    assert "judged on other people" in said
    assert "n \\= 12" in said
    assert "11 of 12 right would mean 65 to 99 %" in said.replace("\\", "")
    assert [metric.value for metric in page.metric] == ["22 pictures", "2 pictures", "12 pictures"]


def test_suspicions_are_listed_with_their_pictures(app: AppTest) -> None:
    own = filled()
    add(own, own.classes[1].id, jpeg(0, copied=True), "Cem")
    page = shown(app, own)
    (found,) = [box.label for box in page.expander if "no network can get both right" in box.label]
    assert found.startswith("2 pictures\\: One photo in two classes")


def test_chosen_pictures_move_and_go(app: AppTest) -> None:
    own = filled()
    mug = own.classes[0]
    chosen = [each.id for each in OwnPictures(open_own_sets()).list(own.id, mug.id)][:2]
    app.session_state[f"wall_{mug.id}_0"] = {"chosen": [*chosen, "no such picture", 7]}
    page = shown(app, own)
    page = press(page, "Move")
    assert [each.pictures for each in open_own_sets().get(own.id).classes] == [16, 20]
    app.session_state[f"wall_{mug.id}_0"] = {
        "chosen": [each.id for each in OwnPictures(open_own_sets()).list(own.id, mug.id)][:3]
    }
    page = shown(app, own)
    check(next(button for button in page.button if button.key == "delete_pictures").click().run())
    assert [each.pictures for each in open_own_sets().get(own.id).classes] == [13, 20]


def choose_first(app: AppTest, own: OwnSet, count: int) -> tuple[str, ...]:
    """Have the browser say that the first pictures of the first class are chosen."""
    mug = own.classes[0]
    ids = tuple(each.id for each in OwnPictures(open_own_sets()).list(own.id, mug.id))[:count]
    app.session_state[f"wall_{mug.id}_0"] = {"chosen": list(ids)}
    return ids


def files_of(own: OwnSet, ids: tuple[str, ...]) -> list[str]:
    folder = open_own_sets().home / "sets" / own.id
    return [one for one in ids if list(folder.glob(f"{one}.*"))]


def test_what_was_trained_on_stays_on_the_disk_until_it_is_deleted_for_good(app: AppTest, home: Path) -> None:
    own = filled()
    run = queued(home, config=recipe_config("modern", dataset=own.name, model="lenet"), name="On <b>mugs</b>")
    out, gone = choose_first(app, own, 2), ()
    page = shown(app, own)
    said = texts(page).replace("\\", "")
    assert "This deletes 2 pictures of **mug**. What was trained on them keeps their files" in " ".join(said.split())
    assert "There is no way back" not in said.partition("This deletes 2 pictures")[2].partition("Who will judge")[0]
    page = press(page, "Take out of the set")
    assert open_own_sets().get(own.id).pictures == 34
    assert files_of(own, out) == list(out)
    assert [box.label for box in page.expander if box.label.startswith("Out of the set")] == [
        "Out of the set, kept for what was trained on them: 2"
    ]

    gone = choose_first(app, own, 1)
    page = check(shown(app, own).checkbox(key=f"for_good_{own.classes[0].id}").check().run())
    assert "'On <b>mugs</b>' was trained on them: it stays with its figures" in texts(page).replace("\\", "")
    page = check(next(button for button in page.button if button.key == "delete_pictures").click().run())
    assert files_of(own, (*out, *gone)) == list(out)

    page = check(next(button for button in page.button if button.key == f"delete_aside_{own.id}").click().run())
    assert files_of(own, (*out, *gone)) == []
    assert not [box for box in page.expander if box.label.startswith("Out of the set")]
    assert (open_own_sets().get(own.id).pictures, Store(home / STORE_NAME).get(run.id).name) == (33, run.name)


def test_nobody_else_is_offered_to_delete_what_is_kept(app: AppTest, home: Path) -> None:
    own = filled(GRACE)
    queued(home, config=recipe_config("modern", dataset=own.name, model="lenet"))
    first = OwnPictures(open_own_sets()).list(own.id)[0].id
    OwnPictures(open_own_sets()).delete(own.id, [first], by=GRACE)
    assert [each.id for each in OwnPictures(open_own_sets()).list_aside(own.id)] == [first]
    page = shown(app, own)
    assert not [box for box in page.expander if box.label.startswith("Out of the set")]
    assert "Delete for good" not in labels(page)


def test_what_a_browser_says_is_chosen_is_believed_only_of_what_is_shown() -> None:
    assert chosen_among(["b", "x", 3, None, "a", "a"], ["a", "b", "c"]) == ("a", "b")
    assert chosen_among({"a": 1}, ["a"]) == chosen_among(None, ["a"]) == chosen_among("a", ["a"]) == ()


def test_a_wall_has_pages_and_the_last_one_stays_when_its_pictures_go(app: AppTest) -> None:
    own = filled(people=0)
    for seed in range(41):
        last = add(own, own.classes[0].id, jpeg(seed))
    page = shown(app, own)
    page = check(page.button(key=f"{state.PICTURES_PAGE}_{own.classes[0].id}_Next").click().run())
    assert page.text_input(key=f"{state.PICTURES_PAGE}_{own.classes[0].id}").value == "2"
    OwnPictures(open_own_sets()).delete(own.id, [last], by=MYSELF)
    assert not [field for field in check(page.run()).text_input if field.label.startswith("Page")]


def test_classes_are_added_renamed_moved_merged_and_deleted(app: AppTest) -> None:
    own = filled(people=1)
    mug, shoe = own.classes
    page = shown(app, own)
    page.text_input(key=f"new_class_{own.id}").set_value("plant")
    page = press(page, "Add")
    page.text_input(key=f"class_name_{mug.id}").set_value("cup")
    (save,) = [each for each in page.button if each.label == "Save" and str(mug.id) in str(each.key)]
    page = check(save.click().run())
    page = press(page, "To the right")
    assert [each.name for each in open_own_sets().get(own.id).classes] == ["shoe", "cup", "plant"]
    page.selectbox(key=f"into_{mug.id}").set_value(shoe.id)
    page = press(page, "Merge, and delete cup")
    assert [(each.name, each.pictures) for each in open_own_sets().get(own.id).classes] == [("shoe", 12), ("plant", 0)]
    assert _GONE not in texts(page)
    assert page.button(key=f"delete_class_{shoe.id}").disabled
    assert [box.label for box in page.checkbox] == ["Its 12 pictures go with it; there is no way back"]
    page.checkbox(key=f"sure_{shoe.id}").check().run()
    page = check(page.button(key=f"delete_class_{shoe.id}").click().run())
    assert [each.name for each in open_own_sets().get(own.id).classes] == ["plant"]
    assert _GONE not in texts(page), "who has deleted it knows"


def test_a_class_that_another_tab_deleted_is_missed_once(app: AppTest) -> None:
    own = filled(people=0)
    page = shown(app, own)
    open_own_sets().delete_class(own.id, own.classes[0].id, by=MYSELF)
    page = check(page.run())
    assert _GONE in texts(page)
    assert _GONE not in texts(check(page.run()))


def test_a_class_that_is_there_already_is_refused_with_a_sentence(app: AppTest) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.text_input(key=f"new_class_{own.id}").set_value("  MUG ")
    page = press(page, "Add")
    assert "There is a class 'mug' already" in texts(page).replace("\\", "")


def test_a_set_is_renamed_and_deleted(app: AppTest) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.text_input(key=f"title_{own.id}").set_value("Tables")
    (save,) = [each for each in page.button if each.label == "Save" and own.id in str(each.key)]
    page = check(save.click().run())
    assert open_own_sets().get(own.id).title == "Tables"
    check(next(each for each in page.button if each.key == f"delete_{own.id}").click().run())
    assert open_own_sets().list() == ()
    assert state.OWN_SET not in page.query_params


def test_somebody_elses_set_can_be_looked_at_and_not_changed(app: AppTest) -> None:
    own = filled(GRACE)
    code = Joining(open_own_sets()).open(own.id, by=GRACE)
    page = shown(app, own)
    assert "only the browser that made it can change it" in texts(page)
    assert (
        labels(page) & {"Move", "Delete for good", "Save", "Add", "Let phones join", "Another code", "Close"} == set()
    )
    assert code[:3] not in written(page) + texts(page)
    assert [field.key for field in page.file_uploader] == ["zip_new_0"]  # for a set of one's own


def test_a_link_to_a_set_that_is_gone_says_so(app: AppTest) -> None:
    app.query_params[state.OWN_SET] = "aaaaaaaaaa"
    filled(GRACE)
    assert "This set has been deleted" in texts(shown(app))


def test_titles_and_classes_are_shown_as_they_are_typed(app: AppTest) -> None:
    own = filled(title=RUDE, classes=(RUDE, "=cmd()"))
    page = shown(app, own)
    raw = [element.value for kind in (page.markdown, page.caption, page.header, page.info) for element in kind]
    assert [text for text in raw if "<b>" in str(text) or "[x](" in str(text)] == []


def test_the_code_is_opened_shown_changed_and_closed(app: AppTest) -> None:
    own = filled(people=0)
    page = press(shown(app, own), "Let phones join")
    first = open_own_sets().get(own.id).code
    assert first is not None
    assert f"{first[:3]} {first[3:]}" in written(page)
    page = press(page, "Another code")
    assert open_own_sets().get(own.id).code not in (None, first)
    press(page, "Close")
    assert open_own_sets().get(own.id).code is None


def test_who_joins_names_themselves_chooses_a_class_and_sees_pictures_accepted(app: AppTest, home: Path) -> None:
    own = filled(GRACE, people=0)
    code = Joining(open_own_sets()).open(own.id, by=GRACE)
    page = joined(app, f" {code[:3].lower()} {code[3:]}")
    assert not page.get("file_uploader")
    check(page.text_input(key=state.NICKNAME).set_value("Berta").run())
    shoe = own.classes[1]
    check(page.segmented_control(key=f"join_class_{own.id}").set_value(shoe.id).run())
    page.file_uploader(key=f"join_files_{own.id}_0").set_value(
        [("one.jpg", jpeg(1), "image/jpeg"), ("x.jpg", b"", "image/jpeg")]
    )
    check(page.run())
    (kept,) = OwnPictures(open_own_sets()).list(own.id)
    assert (kept.class_id, kept.contributor, kept.sender) == (shoe.id, "Berta", ME)
    assert Owners(Store(home / STORE_NAME)).nickname(ME) == "Berta"
    assert "1 picture kept." in texts(page)
    assert "x.jpg: This file is empty" in texts(page).replace("\\", "")
    page = press(page, "Take these back")
    assert OwnPictures(open_own_sets()).list(own.id) == ()
    assert "kept" not in texts(page)


def test_a_code_that_has_changed_meanwhile_takes_no_more_pictures(app: AppTest) -> None:
    own = filled(GRACE, people=0)
    page = joined(app, Joining(open_own_sets()).open(own.id, by=GRACE))
    mug = own.classes[0]
    check(page.segmented_control(key=f"join_class_{own.id}").set_value(mug.id).run())
    Joining(open_own_sets()).rotate(own.id, by=GRACE)
    page.file_uploader(key=f"join_files_{own.id}_0").set_value([("one.jpg", jpeg(1), "image/jpeg")]).run()
    assert OwnPictures(open_own_sets()).list(own.id) == ()
    assert "No set is open under this code" in texts(check(page))


def test_who_sends_into_a_class_that_was_deleted_meanwhile_is_told(app: AppTest) -> None:
    own = filled(GRACE, people=0)
    page = joined(app, Joining(open_own_sets()).open(own.id, by=GRACE))
    mug = own.classes[0]
    check(page.segmented_control(key=f"join_class_{own.id}").set_value(mug.id).run())
    open_own_sets().delete_class(own.id, mug.id, by=GRACE)
    page.file_uploader(key=f"join_files_{own.id}_0").set_value([("one.jpg", jpeg(1), "image/jpeg")]).run()
    assert OwnPictures(open_own_sets()).list(own.id) == ()
    assert _GONE in texts(check(page))
    shoe = own.classes[1]
    check(page.segmented_control(key=f"join_class_{own.id}").set_value(shoe.id).run())
    assert _GONE not in texts(page)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, ""),
        ("AAA", "A code has 6 letters"),
        ("BCDFGH", "No set is open under this code"),
    ],
)
def test_who_has_no_code_or_a_wrong_one_is_asked_for_it(app: AppTest, code: str | None, said: str) -> None:
    filled(GRACE, people=0)
    page = joined(app, code)
    assert said in texts(page)
    assert "Join" in labels(page)


def test_the_right_code_can_be_typed(app: AppTest) -> None:
    own = filled(GRACE, people=0)
    code = Joining(open_own_sets()).open(own.id, by=GRACE)
    page = joined(app, None)
    page.text_input(key="join_typed").set_value(code.lower())
    page = press(page, "Join")
    assert "Desks" in texts(page)


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


SORTED = {"Mug/1.jpg": jpeg(1), "Mug/2.jpg": jpeg(2), "plant/3.jpg": jpeg(3), "plant/notes.txt": b"hello"}


def test_a_zip_of_class_folders_fills_a_set_and_adds_the_classes_that_it_has_not(app: AppTest) -> None:
    own = filled(people=0)
    page = shown(app, own)
    page.segmented_control(key=f"way_{own.id}").set_value("zip").run()
    page.file_uploader(key=f"zip_{own.id}_0").set_value([("all.zip", zipped(SORTED), "application/zip")]).run()
    check(page)
    assert [(each.name, each.pictures) for each in open_own_sets().get(own.id).classes] == [
        ("mug", 2),
        ("shoe", 0),
        ("plant", 1),
    ]
    said = texts(page).replace("\\", "")
    assert "3 pictures kept." in said
    assert "notes.txt" in said


def test_a_zip_becomes_a_set_of_its_own_and_one_without_pictures_none(app: AppTest) -> None:
    page = shown(app)
    page.file_uploader(key="zip_new_0").set_value([("b.zip", b"no zip", "application/zip")]).run()
    assert "This is not a zip file" in texts(check(page))
    assert open_own_sets().list() == ()
    page.file_uploader(key="zip_new_1").set_value([("desks.zip", zipped(SORTED), "application/zip")]).run()
    check(page)
    (own,) = open_own_sets().list()
    assert (own.title, own.pictures) == ("desks", 3)
    assert page.query_params[state.OWN_SET] == own.id


def test_the_split_that_is_shown_is_the_one_that_is_trained_on(app: AppTest) -> None:
    own = filled()
    known, split = overview(own), make_split(load(own.name))
    assert known.split is not None
    in_order = {each.id: place for place, each in enumerate(known.pictures)}
    contents = load(own.name).contents
    for part in ("train", "validation", "test"):
        trained_on = {in_order[contents[place]] for place in getattr(split, part).tolist()}
        assert trained_on == set(getattr(known.split, part).tolist())
    assert known.split.judged_on in split.description


def test_train_with_it_opens_the_training_page_with_the_set_chosen(app: AppTest) -> None:
    own = filled()
    page = press(shown(app, own), "Train with it")
    assert page.title[0].value == "Training"
    assert page.selectbox(key=state.TRAINING_DATASET).value == own.name


def test_a_set_that_was_saved_is_opened_again_as_it_was(app: AppTest) -> None:
    own = filled()
    file = io.BytesIO()
    save_set(OwnPictures(open_own_sets()), own.id, file)
    page = shown(app, own)
    assert [each.label for each in page.get("download_button")] == ["Save"]
    open_own_sets().delete(own.id, by=MYSELF)
    page = shown(app)
    page.file_uploader(key="zip_new_0").set_value([("saved.zip", file.getvalue(), "application/zip")]).run()
    check(page)
    (again,) = open_own_sets().list()
    assert (again.id, again.title, again.owner) == (own.id, "Desks", ME)
    assert [(each.name, each.pictures) for each in again.classes] == [("mug", 18), ("shoe", 18)]


def test_the_labs_own_data_sets_are_looked_at_on_the_same_wall_and_not_changed(app: AppTest) -> None:
    app.query_params[state.OWN_SET] = "shapes"
    page = open_page(app, "train/pictures")
    assert "500 pictures of circle, 3,000 in all." in texts(page).replace("\\", "")
    assert "2,160 training" in texts(page).replace("\\", "")
    assert labels(page) == {"Make the set", "Previous", "Next"}
    check(page.text_input(key="look_shapes_0").set_value("13").run())
    check(page.segmented_control(key="look_shapes").set_value(2).run())
    check(page.toggle(key="odd_shapes").set_value(True).run())
    assert [box for box in page.expander if "Nearly one colour all over" in box.label]


def test_a_network_is_asked_for_pictures_in_the_wrong_class_and_looks_at_each_once(
    shipped: Path, app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = filled()
    mug, shoe = own.classes
    looked_at: list[str] = []
    mugs = {each.id for each in OwnPictures(open_own_sets()).list(own.id, mug.id)}

    def look(_set_id: str, ids: list[str]) -> np.ndarray:
        looked_at.extend(ids)
        noise = [np.random.RandomState(int(one[:6], 16)).normal(0, 0.05, 2) for one in ids]
        return np.array([each + ([1, 0] if one in mugs else [0, 1]) for one, each in zip(ids, noise, strict=True)])

    monkeypatch.setattr(claimed, "NETWORK", "tiny")
    monkeypatch.setattr(claimed, "_looked_at", look)
    wrong = min(mugs)
    OwnPictures(open_own_sets()).move(own.id, [wrong], to=shoe.id, by=MYSELF)
    page = check(shown(app, own).toggle(key=f"claimed_{own.id}").set_value(True).run())
    (found,) = [box.label.replace("\\", "") for box in page.expander if "most like pictures" in box.label]
    assert found.startswith("1 picture: In 'shoe', and most like pictures of 'mug'.")
    assert len(looked_at) == 36
    check(page.toggle(key=f"in_turns_{own.id}").set_value(True).run())
    assert len(looked_at) == 36
    assert "Right on 35 of 36: 97.2 %, 86 to over 99 %." in texts(page)
    assert "In 3 turns, a head that had learned from other people’s pictures was asked" in texts(page)
    add(own, mug.id, jpeg(999))
    check(page.run())
    assert len(looked_at) == 37


def test_where_no_such_network_is_here_none_is_offered(folder: Path, app: AppTest) -> None:
    own = filled()
    assert [each for each in shown(app, own).toggle if each.key == f"claimed_{own.id}"] == []


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("http://192.168.1.20:8501/join", False),
        ("http://lab.school.example/join", False),
        ("https://lab.school.example/join", True),
        ("http://localhost:8501/pictures", True),
        ("http://127.0.0.1:8501/pictures", True),
    ],
)
def test_the_camera_is_offered_where_a_browser_opens_it_and_otherwise_the_sentence(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, address: str, opens: bool
) -> None:
    monkeypatch.setattr(type(st.context), "url", address)
    own = filled(people=0)
    page = check(shown(app, own).segmented_control(key=f"way_{own.id}").set_value("camera").run())
    cameras = [each for each in page.get("bidi_component") if each.proto.component_name.endswith("cnn_lab_burst")]
    assert (len(cameras) == 1) is opens
    assert ("only over HTTPS or on localhost" in texts(page)) is not opens


@pytest.mark.parametrize(
    ("address", "listens", "base", "only_here"),
    [
        ("http://192.168.1.20:8501/pictures?set=x", "0.0.0.0", "http://192.168.1.20:8501", False),
        ("https://lab.school.example/pictures", "0.0.0.0", "https://lab.school.example", False),
        ("http://localhost:8501/pictures", "127.0.0.1", "http://localhost:8501", True),
        ("http://localhost:8501/pictures", "0.0.0.0", "http://10.0.0.7:8501", False),
        ("http://[::1]:8501/pictures", "0.0.0.0", "http://10.0.0.7:8501", False),
    ],
)
def test_phones_are_sent_to_an_address_that_they_can_open_or_it_is_said(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, address: str, listens: str, base: str, only_here: bool
) -> None:
    monkeypatch.setattr(type(st.context), "url", address)
    monkeypatch.setattr(invitation, "_own_number", lambda: "10.0.0.7")
    monkeypatch.setattr(invitation, "_listens_to_all", lambda: listens == "0.0.0.0")
    own = filled(people=0)
    Joining(open_own_sets()).open(own.id, by=MYSELF)
    said = texts(shown(app, own)).replace("\\", "").replace("\u2060", "")
    assert f"open **{base}/join** and type" in said
    assert ("Only this machine can open this address" in said) is only_here


def test_below_a_path_phones_are_sent_there(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(st.context), "url", "https://lab.school.example/lab/pictures")
    before = str(st.get_option("server.baseUrlPath"))
    config.set_option("server.baseUrlPath", "lab")
    try:
        own = filled(people=0)
        Joining(open_own_sets()).open(own.id, by=MYSELF)
        said = texts(shown(app, own)).replace("\\", "").replace("\u2060", "")
        assert "open **https://lab.school.example/lab/join** and type" in said
    finally:
        config.set_option("server.baseUrlPath", before)


def test_a_set_that_is_followed_has_changed_when_it_is_another_or_gone(home: Path) -> None:
    own = filled(people=0)
    assert not joining.has_changed(own.id, own.revision)
    add(own, own.classes[0].id, jpeg(1))
    assert joining.has_changed(own.id, own.revision)
    open_own_sets().delete(own.id, by=MYSELF)
    assert joining.has_changed(own.id, own.revision)
