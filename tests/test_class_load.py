"""The driver of a whole class: a browser tab's part of the protocol, and a short lesson against the real server."""

import json
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from streamlit.proto.Delta_pb2 import Delta

from benchmarks.__main__ import main
from benchmarks.class_load import clicks, phones, trainings
from benchmarks.class_load.lesson import WAITS, Plan, hold
from benchmarks.class_load.photographs import SMALL, VARIANTS, Album
from benchmarks.class_load.shown import Run, Shown
from benchmarks.class_load.sliders import sliders_on
from benchmarks.class_load.tab import state_of
from benchmarks.report.page import class_table
from benchmarks.rows import ClassWait, Lesson
from core.data.own.stored_picture import stored_picture
from core.photos.door import open_photo
from core.runs.sharing import is_small

ROOT = Path(__file__).parent.parent


def text(words: str, *, fragment: str = "") -> Delta:
    delta = Delta(fragment_id=fragment)
    delta.new_element.markdown.body = words
    return delta


def run(name: str, *fragments: str) -> Run:
    return Run(id=name, fragments=fragments, order=1)


# What a tab shows


def test_the_end_of_a_run_takes_away_what_it_did_not_draw() -> None:
    shown = Shown()
    first, second = run("first"), run("second")
    shown.take((0, 0), text("stays"), first)
    shown.take((0, 1), text("goes"), first)
    shown.end(first)
    shown.take((0, 0), text("stays"), second)
    assert shown.says("goes"), "until the run ends"
    shown.end(second)
    assert (shown.says("stays"), shown.says("goes")) == (True, False)


def test_a_run_of_a_fragment_leaves_the_rest_of_the_page() -> None:
    shown = Shown()
    whole, part = run("whole"), run("part", "clock")
    shown.take((0, 0), text("outside"), whole)
    shown.take((0, 1, 0), text("12:00", fragment="clock"), whole)
    shown.end(whole)
    shown.take((0, 1, 1), text("12:01", fragment="clock"), part)
    shown.end(part)
    assert (shown.says("outside"), shown.says("12:00"), shown.says("12:01")) == (True, False, True)


def test_elements_come_from_the_top_down_and_widgets_are_known_by_their_ids() -> None:
    shown = Shown()
    for place, name in (((0, 10), "b"), ((0, 2), "a")):
        delta = Delta()
        delta.new_element.slider.id = name
        shown.take(place, delta, run("only"))
    assert [placed.element.slider.id for placed in shown.all("slider")] == ["a", "b"]
    assert shown.widgets() == {"a", "b"}


def test_streamlits_sliders_of_numbers_and_the_labs_own_are_found() -> None:
    shown = Shown()
    numbers, words, live, other = Delta(fragment_id="f"), Delta(), Delta(), Delta()
    numbers.new_element.slider.MergeFrom(type(numbers.new_element.slider)(label="Opacity", min=0, max=1, step=0.25))
    words.new_element.slider.options.extend(["A", "B"])
    live.new_element.bidi_component.json = '{"label": "Scale", "low": -1, "high": 3, "step": 0.5, "value": 1}'
    other.new_element.bidi_component.json = '{"label": "Pad"}'
    for place, delta in enumerate((words, live, other, numbers)):
        shown.take((0, place), delta, run("only"))
    found = list(sliders_on(shown))
    assert [(one.label, one.low, one.high, one.step) for one in found] == [
        ("Opacity", 0, 1, 0.25),
        ("Scale", -1, 3, 0.5),
    ]
    assert [one.placed.fragment for one in found] == ["f", ""]
    assert {found[1].somewhere(Random(seed)) for seed in range(99)} == {-1 + 0.5 * step for step in range(9)}


@pytest.mark.parametrize(
    ("value", "field", "sent"),
    [
        (True, "trigger_value", True),
        (2.5, "double_value", 2.5),
        ("LeNet", "string_value", "LeNet"),
        ([0.05], "double_array_value", [0.05]),
        (["Upload"], "string_array_value", ["Upload"]),
    ],
)
def test_a_widgets_state_is_sent_as_its_kind_is(value: object, field: str, sent: object) -> None:
    state = state_of("widget", value)
    assert (state.id, state.WhichOneof("value")) == ("widget", field)
    found = getattr(state, field)
    assert (list(found.data) if hasattr(found, "data") else found) == sent


def test_an_album_never_gives_the_same_file_twice_and_each_is_a_photo() -> None:
    album = Album(size=SMALL, count=2)
    files = dict(album.next() for _photo in range(4))
    photos = [open_photo(data, name) for name, data in files.items()]
    assert len({photo.sha256 for photo in photos}) == 4
    assert {photo.image.size for photo in photos} == {SMALL}


def test_no_two_photos_for_a_set_are_one_picture_and_each_is_a_photo() -> None:
    album = Album(size=SMALL, count=2)
    kept = [stored_picture(data) for _name, data in (album.another() for _photo in range(2 * VARIANTS))]
    assert len({each.id for each in kept}) == 2 * VARIANTS
    with pytest.raises(ValueError, match="60 variants of each photograph"):
        album.another()


# A lesson


@pytest.mark.slow
def test_phones_lose_no_photo_that_was_acknowledged_when_the_server_is_killed() -> None:
    sent = phones.hold(phones.Plan(phones=3, pictures=2, kills=1, seconds=1, photo=SMALL, settle=0.5))
    assert (sent.acknowledged, sent.lost, sent.twice, sent.errors) == (6, 0, 0, {})
    assert (len(sent.waits), sent.highest_mb > 50) == (6, True)
    row = phones.table([sent]).splitlines()[-1]
    assert row.startswith("| 3, 2 photos each, the server killed 1 times | 6 | 0 | 0 |")


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    plan = Plan(
        sessions=2,
        lesson=1,
        watch=6,
        away=1,
        settle=1,
        trainings=1,
        photo=SMALL,
        think=(0.1, 0.4),
        arrival=0.5,
        seed=2,
    )
    return hold(plan)


@pytest.mark.slow
def test_clicks_without_a_pause_are_answered_and_counted() -> None:
    row = clicks.hold(browsers=2, seconds=2.0, warm_up=0.1)
    assert row.errors == {}
    assert row.answers >= 2
    assert row.milliseconds > 0
    assert f"| {row.answers} |" in clicks.table([row])


@pytest.mark.slow
def test_a_short_lesson_ends_without_an_error(lesson: Lesson) -> None:
    assert (lesson.errors, lesson.refusals, lesson.tracebacks, lesson.not_found) == ({}, {}, 0, 0)


@pytest.mark.slow
def test_a_short_lesson_measures_every_wait_and_the_servers_memory(lesson: Lesson) -> None:
    assert {wait.name for wait in lesson.waits} == set(WAITS)
    assert all(0 < wait.median <= wait.p95 <= wait.highest for wait in lesson.waits)
    assert lesson.pictures > 10
    assert 50 < lesson.start_mb <= lesson.highest_mb
    assert 0 < (lesson.highest_own_mb or 0) <= lesson.highest_mb
    assert [mb for _at, mb in lesson.curve if not 50 < mb <= lesson.highest_mb] == []


# The report


def made_up(*, before: bool, highest: float, after: float, wait: float, lost: int = 0) -> dict[str, object]:
    return {
        "before": before,
        "commit": "0123456789ab",
        "sessions": 30,
        "lesson_seconds": 300,
        "watch_seconds": 60,
        "away_seconds": 600,
        "trainings": 2,
        "start_mb": 700,
        "highest_mb": highest,
        "highest_own_mb": None,
        "left_mb": 1000,
        "after_mb": after,
        "waits": [{"name": "page", "title": "Another page", "target": None, "p95": wait}],
        "pictures": 1000,
        "not_found": lost,
        "errors": {},
        "refusals": {},
        "tracebacks": 0,
    }


def cells(table: str, title: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(f"| {title}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_class_table_sets_both_sides_beside_each_other_and_marks_what_was_missed() -> None:
    rows = [
        made_up(before=True, highest=2400, after=2400, wait=2.0, lost=3),
        made_up(before=False, highest=1100, after=900, wait=1.0),
    ]
    table = class_table({"rows": rows})
    assert cells(table, "Memory at its highest") == ["2,400 MB", "1,100 MB", "**0.46**", "≤ 1,200 MB, ratio ≤ 0.5"]
    assert cells(table, "Memory 10 min later")[-1] == "≤ 1.15 times the start, **missed**"
    assert cells(table, "Another page, p95") == ["2.00 s", "1.00 s", "**0.50**", "ratio ≤ 0.7"]
    assert cells(table, "Pictures that were answered 404") == ["3", "0", "–", "0"]


def test_the_class_table_does_without_another_side() -> None:
    table = class_table({"rows": [made_up(before=False, highest=1300, after=700, wait=1.0)]})
    assert cells(table, "Memory at its highest") == ["–", "1,300 MB", "–", "≤ 1,200 MB, ratio ≤ 0.5, **missed**"]
    assert cells(table, "Another page, p95") == ["–", "1.00 s", "–", "ratio ≤ 0.7"]


def test_a_part_of_a_lesson_is_kept_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held: list[tuple[str, bool]] = []

    def pretend(plan: Plan, *, name: str = "ours", before: bool = False, **_more: object) -> Lesson:
        held.append((name, before))
        wait = ClassWait(name="page", title="Another page", count=1, median=0.1, p95=0.1, highest=0.1)
        return Lesson(
            name=name,
            before=before,
            commit="0123456789ab",
            sessions=plan.sessions,
            lesson_seconds=plan.lesson,
            watch_seconds=plan.watch,
            away_seconds=plan.away,
            trainings=plan.trainings,
            start_mb=700,
            highest_mb=900,
            highest_own_mb=500,
            left_mb=800,
            after_mb=750,
            curve=((0, 700),),
            waits=(wait,),
            pictures=10,
            not_found=0,
            errors={},
            refusals={},
            tracebacks=0,
        )

    monkeypatch.setattr("benchmarks.class_load.lesson.hold", pretend)
    monkeypatch.setattr("benchmarks.results.FOLDER", tmp_path / "results")
    call = ["class-load", "--against", str(ROOT), "--turns", "2", "--sessions", "3", "--minutes", "0.1", "--away", "0"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    assert [before for _name, before in held] == [True, False, True, False]
    assert not (tmp_path / "results").exists()
    kept = tmp_path / "kept.json"
    result = CliRunner().invoke(main, [*call, "--out", str(kept)])
    assert result.exit_code == 0, result.output
    assert json.loads(kept.read_text())["kind"] == "class"


def test_where_everybody_trains_one_in_ten_is_too_large_to_share_a_process() -> None:
    pytest.importorskip("torch")
    from core.recipes import recipe_config
    from core.recipes.choice import check_trainable

    configs = [recipe_config(str(job.pop("recipe", "notebook")), **job) for job in trainings.jobs(30)]
    assert [is_small(config) for config in configs].count(False) == 3
    for config in configs[:10]:
        check_trainable(config)
    assert len({(config.dataset, config.image_size) for config in configs}) > 3
