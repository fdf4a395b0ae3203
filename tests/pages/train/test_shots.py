"""The camera's server half: a photo is kept before it is answered, a burst stays together, a failure is a sentence."""

import base64
import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.data.own import Joining, OwnPictures, OwnSet, open_own_sets
from core.data.own.as_data_set import own_versions
from pages._ui import state
from tests.pages.train.test_pictures import GRACE, filled, joined, jpeg, shown
from tests.pages.visit import check, texts


@pytest.fixture
def own(app: AppTest) -> OwnSet:
    return filled(people=0)


def shot(own: OwnSet, number: int, *, series: str = "one", burst: bool = True, **more: object) -> dict[str, Any]:
    data = base64.b64encode(jpeg(number)).decode()
    about = {"number": number, "series": series, "burst": burst, "class_id": own.classes[0].id, "jpeg": data}
    return about | more


def wall(app: AppTest, own: OwnSet) -> AppTest:
    return check(shown(app, own).segmented_control(key=f"way_{own.id}").set_value("camera").run())


def taken(page: AppTest, own: OwnSet, *shots: object, key: str = "camera") -> dict[str, Any]:
    """Send photos one after the other, and return the last answer."""
    for each in shots:
        page.session_state[f"{state.SHOT}_{key}_{own.id}"] = each
        check(page.run())
    (proto,) = [
        each.proto for each in page.get("bidi_component") if each.proto.component_name.endswith("cnn_lab_burst")
    ]
    told: dict[str, Any] = json.loads(proto.json)
    return told


def kept(own: OwnSet) -> list[str | None]:
    """The bursts of the pictures that are kept, in order."""
    return [each.burst for each in OwnPictures(open_own_sets()).list(own.id)]


def test_each_photo_is_on_the_disk_when_it_is_answered_and_a_burst_is_one_group(app: AppTest, own: OwnSet) -> None:
    page = wall(app, own)
    assert (taken(page, own)["number"], kept(own)) == (0, [])
    for number in (1, 2, 3):
        told = taken(page, own, shot(own, number))
        assert (told["number"], told["problem"]) == (number, "")
        assert kept(own) == ["one"] * number
    taken(page, own, shot(own, 4, series="two", burst=False), shot(own, 5, series="three"))
    assert kept(own) == ["one", "one", "one", None, "three"]
    assert [each.group for each in own_versions().get(own.id).pictures] == [0, 0, 0, 1, 2]


def test_a_photo_that_is_sent_again_is_kept_once_and_answered_again(app: AppTest, own: OwnSet) -> None:
    page = wall(app, own)
    taken(page, own, shot(own, 1))
    page.session_state[f"{state.SHOT_ANSWER}_camera_{own.id}"] = {"number": 0, "problem": ""}  # the server died
    told = taken(page, own, shot(own, 1))
    assert (told["number"], told["problem"], kept(own)) == (1, "", ["one"])


def test_what_was_kept_in_one_go_is_told_together_once_it_is_over(app: AppTest, own: OwnSet) -> None:
    page = wall(app, own)
    taken(page, own, shot(own, 1), shot(own, 2), shot(own, 2))
    page.session_state[f"{state.SHOTS_OVER}_camera_{own.id}"] = True
    assert "2 pictures kept." in texts(check(page.run()))
    taken(page, own, shot(own, 3, series="two", burst=False))
    page.session_state[f"{state.SHOTS_OVER}_camera_{own.id}"] = True
    assert "1 picture kept." in texts(check(page.run()))
    assert "Add pictures" in [box.label for box in page.expander if box.proto.expanded], "the camera is not shut"


@pytest.mark.parametrize(
    "change",
    [{"jpeg": "no picture!"}, {"jpeg": None}, {"series": 7}, {"class_id": "1"}, {"class_id": True}],
)
def test_what_did_not_arrive_whole_is_a_sentence(app: AppTest, own: OwnSet, change: dict[str, object]) -> None:
    told = taken(wall(app, own), own, shot(own, 1, **change))
    assert (told["number"], told["problem"]) == (1, "The photo did not arrive whole; take another one.")
    assert kept(own) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"class_id": 999_999}, "no such class any more"),
        ({"series": "x" * 61}, "has 61 characters; it may have 60"),
        ({"jpeg": base64.b64encode(b"hello").decode()}, "not a picture the lab can open"),
    ],
)
def test_what_cannot_be_kept_is_a_sentence(app: AppTest, own: OwnSet, change: dict[str, object], said: str) -> None:
    assert said in taken(wall(app, own), own, shot(own, 1, **change))["problem"]
    assert kept(own) == []


@pytest.mark.parametrize("sent", [None, 7, [], "x", {"number": True}])
def test_whatever_else_a_browser_sends_breaks_nothing(app: AppTest, own: OwnSet, sent: object) -> None:
    assert taken(wall(app, own), own, sent)["number"] == 0


def test_a_phone_takes_bursts_too_and_can_take_them_back(app: AppTest) -> None:
    own = filled(GRACE, people=0)
    code = Joining(open_own_sets()).open(own.id, by=GRACE)
    page = joined(app, code)
    page = check(page.segmented_control(key=f"join_class_{own.id}").set_value(own.classes[0].id).run())
    page = check(page.toggle(key="join_camera").set_value(True).run())
    taken(page, own, shot(own, 1), shot(own, 2), key="join")
    page.session_state[f"{state.SHOTS_OVER}_join_{own.id}"] = True
    assert "2 pictures kept." in texts(check(page.run()))
    (back,) = [button for button in page.button if button.label == "Take these back"]
    check(back.click().run())
    assert kept(own) == []
