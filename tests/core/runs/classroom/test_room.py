"""A class: who may join it, what it holds everybody to, and what its teacher alone can do."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, count

import pytest

from core.config import TrainingConfig
from core.errors import RunError
from core.names import CODE_LETTERS
from core.rights import Person, RightsError, new_secret, owner_of
from core.runs.classroom import Classroom, Rules
from core.runs.store.lease import Lease
from core.runs.store.owners import Owners
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store

SECRETS = [new_secret() for _ in range(2)]
ADA, BEN = (Person(owner=owner_of(secret)) for secret in SECRETS)
ACTS: dict[str, Callable[[Classroom, Person], object]] = {
    "begin": lambda room, by: room.begin(by=by),
    "end": lambda room, by: room.end(by=by),
    "open": lambda room, by: room.open_joining(by=by),
    "close": lambda room, by: room.close_joining(by=by),
    "hold to": lambda room, by: room.hold_to(Rules(dataset="digits"), by=by),
    "send out": lambda room, by: room.send_out(ADA.owner, by=by),
    "stop all": lambda room, by: room.stop_all(by=by),
    "go on": lambda room, by: room.go_on(by=by),
    "clear": lambda room, by: room.clear(by=by),
    "bring back": lambda room, by: room.bring_back(by=by),
    "next": lambda room, by: room.next_class(by=by, delete_runs=True),
}


@pytest.fixture
def classroom(store: Store) -> Classroom:
    return Classroom(store)


@pytest.fixture
def code(classroom: Classroom, teacher: Person) -> str:
    code = classroom.begin(by=teacher).code
    assert code is not None
    return code


def wrong_codes(code: str) -> Iterator[str]:
    return (wrong for letters in combinations(CODE_LETTERS, 6) if (wrong := "".join(letters)) != code)


@pytest.mark.parametrize("act", ACTS)
def test_nobody_but_the_teacher_can_do_what_a_teacher_does(
    classroom: Classroom, store: Store, code: str, config: TrainingConfig, act: str
) -> None:
    classroom.join(code, "Ada", by=ADA)
    run = store.submit(config, ADA.owner, "hers")
    before = (classroom.state(), classroom.members(), store.get(run.id))
    for stranger in (ADA, BEN, Person(owner=""), Person(owner="*")):
        with pytest.raises(RightsError):
            ACTS[act](classroom, stranger)
    assert (classroom.state(), classroom.members(), store.get(run.id)) == before


def test_without_a_class_everybody_trains_as_ever(classroom: Classroom, store: Store, config: TrainingConfig) -> None:
    assert not classroom.state().on
    assert store.submit(config, ADA.owner, "hers").status == "queued"
    with pytest.raises(RunError, match="No class is open"):
        classroom.join("BKMTXZ", "Ada", by=ADA)


def test_one_joins_by_the_code_under_a_nickname_of_ones_own(classroom: Classroom, code: str) -> None:
    classroom.join(f"{code[:3]} {code[3:].lower()}", " Ada ", by=ADA)
    assert [member.name for member in classroom.members()] == ["Ada"]
    for typed, nickname, said in (
        (code, "ada", "somebody else's"),
        (code, " ", "Say what the class calls you"),
        ("BBBBBB" if code != "BBBBBB" else "CCCCCC", "Ben", "No class is open under this code"),
        ("AE", "Ben", "A code has 6 letters"),
    ):
        with pytest.raises(RunError, match=said):
            classroom.join(typed, nickname, by=BEN)
    assert not classroom.is_member(BEN.owner)


@pytest.mark.parametrize("act", ["open", "close", "next", "end"])
def test_a_code_that_changes_while_somebody_joins_takes_nobody_half_in(
    classroom: Classroom, store: Store, code: str, teacher: Person, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    plain = Classroom.opens

    def opens(self: Classroom, typed: str, *, by: Person) -> bool:
        right = plain(self, typed, by=by)
        ACTS[act](classroom, teacher)
        return right

    monkeypatch.setattr(Classroom, "opens", opens)
    with pytest.raises(RunError, match="The code has just been changed, or the class closed"):
        classroom.join(code, "Ada", by=ADA)
    assert (classroom.members(), Owners(store).nickname(ADA.owner)) == ([], "")


def test_codes_cannot_be_tried_without_end(classroom: Classroom, code: str) -> None:
    wrong = wrong_codes(code)
    for _try in range(10):
        assert not classroom.opens(next(wrong), by=BEN)
    with pytest.raises(RightsError, match="within a minute"):
        classroom.opens(code, by=BEN)
    assert classroom.opens(code, by=ADA)


def test_a_script_that_is_somebody_new_each_time_keeps_nobody_at_another_address_from_joining(
    classroom: Classroom, code: str
) -> None:
    wrong = wrong_codes(code)
    script = (Person(owner=owner_of(new_secret()), address="192.168.1.66") for _visit in count())
    opened_before = Person(owner=owner_of(new_secret()), address="192.168.1.66")
    assert classroom.opens(code, by=opened_before)
    for _try in range(30):
        assert not classroom.opens(next(wrong), by=next(script))
    with pytest.raises(RightsError, match="From your address in the network 30 wrong ones"):
        classroom.opens(next(wrong), by=next(script))
    classroom.join(code, "Ada", by=Person(owner=ADA.owner, address="192.168.1.20"))
    classroom.join(code, "Ben", by=opened_before)
    assert [member.name for member in classroom.members()] == ["Ada", "Ben"]


def test_a_class_that_is_closed_takes_nobody_in_and_keeps_whom_it_has(
    classroom: Classroom, code: str, teacher: Person
) -> None:
    classroom.join(code, "Ada", by=ADA)
    classroom.close_joining(by=teacher)
    with pytest.raises(RunError, match="No class is open"):
        classroom.join(code, "Ben", by=BEN)
    assert classroom.is_member(ADA.owner)
    assert classroom.open_joining(by=teacher).code != code
    assert classroom.begin(by=teacher) == classroom.state(), "one that goes on goes on"


def test_only_who_has_joined_trains_while_a_class_goes_on(
    classroom: Classroom, store: Store, code: str, teacher: Person, config: TrainingConfig
) -> None:
    with pytest.raises(RunError, match="join it first"):
        store.submit(config, BEN.owner, "his")
    classroom.join(code, "Ada", by=ADA)
    for owner in (ADA.owner, teacher.owner, "an account of the command line"):
        store.submit(config, owner, "a run")
    classroom.hold_to(Rules(members_only=False), by=teacher)
    store.submit(config, BEN.owner, "his")
    classroom.hold_to(Rules(), by=teacher)
    classroom.end(by=teacher)
    store.submit(config, BEN.owner, "his")
    assert classroom.members() == []


def test_everybody_is_held_to_what_the_teacher_has_pinned(
    classroom: Classroom, store: Store, code: str, teacher: Person, config: TrainingConfig
) -> None:
    classroom.join(code, "Ada", by=ADA)
    classroom.hold_to(Rules(dataset="digits", recipe="modern"), by=teacher)
    with pytest.raises(RunError, match="with the recipe modern now, and not with custom"):
        store.submit(config, ADA.owner, "hers")
    with pytest.raises(RunError, match="with the data set digits now, and not with shapes"):
        store.submit(replace(config, dataset="shapes", recipe="modern"), ADA.owner, "hers")
    store.submit(replace(config, recipe="modern"), ADA.owner, "hers")
    store.submit(config, teacher.owner, "the teacher's")


def test_what_is_pinned_holds_for_a_run_that_is_resumed_as_well(
    classroom: Classroom, store: Store, code: str, teacher: Person, config: TrainingConfig
) -> None:
    classroom.join(code, "Ada", by=ADA)
    run = store.submit(config, ADA.owner, "hers")
    store.request_stop(run.id, by=ADA)
    classroom.hold_to(Rules(dataset="shapes"), by=teacher)
    with pytest.raises(RunError, match="with the data set shapes now"):
        store.resume(run.id, by=ADA)
    assert store.resume(run.id, by=teacher).status == "queued"


def test_a_training_cannot_download_where_the_teacher_has_taken_downloads_off(
    classroom: Classroom,
    store: Store,
    code: str,
    teacher: Person,
    config: TrainingConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.data.availability", lambda name, _size: "hub" if name == "mnist" else "builtin")
    classroom.join(code, "Ada", by=ADA)
    classroom.hold_to(Rules(controls=("downloads",)), by=teacher)
    with pytest.raises(RunError, match="mnist is not on this machine"):
        store.submit(replace(config, dataset="mnist"), ADA.owner, "hers")
    store.submit(config, ADA.owner, "hers")
    store.submit(replace(config, dataset="mnist"), teacher.owner, "the teacher's")


def test_a_control_that_there_is_not_cannot_be_taken_off(classroom: Classroom, teacher: Person) -> None:
    with pytest.raises(RunError, match="no control 'doors'"):
        classroom.hold_to(Rules(controls=("doors",)), by=teacher)


def test_all_runs_stop_at_once_and_go_on_again(
    classroom: Classroom, store: Store, teacher: Person, config: TrainingConfig
) -> None:
    first, second, third = (store.submit(config, owner, "a run") for owner in ("a", "b", "c"))
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    assert claim.run_id == first.id
    assert classroom.stop_all(by=teacher) == 3
    assert [store.get(run.id).status for run in (first, second, third)] == ["stopping", "stopped", "stopped"]
    store.delete(third.id, by=teacher)
    assert classroom.go_on(by=teacher) == 1
    assert store.get(second.id).status == "queued"
    assert classroom.stopped_together() == [first.id], "still stopping: for another call"


def test_a_run_that_would_go_on_by_itself_stops_with_all_others(
    classroom: Classroom, store: Store, teacher: Person, config: TrainingConfig
) -> None:
    run, over = (store.submit(config, owner, "a run") for owner in ("a", "b"))
    for again in (True, False):
        claim = Queue(store).claim(slots=1)
        assert claim is not None
        Lease(store, claim.run_id, claim.fence).end("interrupted", reason="terminated", again=again)
    assert classroom.stop_all(by=teacher) == 1
    assert Queue(store).again() == 0
    assert (store.get(run.id).status, store.get(over.id).status) == ("stopped", "interrupted")


def test_one_run_that_cannot_go_on_keeps_no_other_from_it(
    classroom: Classroom, store: Store, teacher: Person, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (store.submit(config, owner, "a run") for owner in ("a", "b"))
    classroom.stop_all(by=teacher)
    plain = store.check_quota

    def full(connection: sqlite3.Connection, owner: str) -> None:
        if owner == "a":
            raise RunError("The disk is used up.")
        plain(connection, owner)

    monkeypatch.setattr(store, "check_quota", full)
    with pytest.raises(RunError, match="a: The disk is used up"):
        classroom.go_on(by=teacher)
    assert (store.get(first.id).status, store.get(second.id).status) == ("stopped", "queued")
    assert classroom.stopped_together() == [first.id], "for another call, when there is room"


def test_what_a_student_has_stopped_meanwhile_does_not_go_on_with_the_others(
    classroom: Classroom, store: Store, teacher: Person, config: TrainingConfig
) -> None:
    before, after, left = (store.submit(config, ADA.owner, name) for name in ("before", "after", "left"))
    store.request_stop(before.id, by=ADA)
    assert classroom.stop_all(by=teacher) == 2
    store.resume(after.id, by=ADA)
    store.request_stop(after.id, by=ADA)
    store.request_stop(left.id, by=ADA)  # already stopped, which nobody has taken back
    assert classroom.stopped_together() == [left.id]
    assert classroom.go_on(by=teacher) == 1
    assert [store.get(run.id).status for run in (before, after, left)] == ["stopped", "stopped", "queued"]


def test_what_one_stop_of_all_has_stopped_the_next_one_does_not_forget(
    classroom: Classroom, store: Store, teacher: Person, config: TrainingConfig
) -> None:
    first = store.submit(config, "a", "a run")
    assert [classroom.stop_all(by=teacher) for _press in range(2)] == [1, 0]
    second = store.submit(config, "b", "a run")
    classroom.stop_all(by=teacher)
    assert classroom.stopped_together() == [first.id, second.id]
    classroom.end(by=teacher)
    assert classroom.stopped_together() == []


def test_what_was_put_away_comes_back(classroom: Classroom, teacher: Person) -> None:
    assert classroom.clear(by=teacher).cleared > 0
    assert classroom.bring_back(by=teacher).cleared == 0


def test_the_next_class_finds_names_free_and_owns_nothing_of_the_one_before(
    classroom: Classroom, store: Store, code: str, teacher: Person, config: TrainingConfig
) -> None:
    Owners(store).call(teacher.owner, "Mr Holt")
    classroom.hold_to(Rules(dataset="digits"), by=teacher)
    classroom.join(code, "Ada", by=ADA)
    run = store.submit(config, ADA.owner, "hers")
    begun = classroom.next_class(by=teacher)
    assert (begun.number, begun.rules, classroom.members()) == (2, Rules(dataset="digits"), [])
    assert begun.code not in (None, code)
    stopped = store.get(run.id)
    assert stopped.status == "stopped"
    assert stopped.owner_name.startswith("Ada (20")
    assert Owners(store).nickname(teacher.owner) == "Mr Holt"

    at_the_same_machine = Person(owner=owner_of(SECRETS[0], of_class=begun.number))
    assert at_the_same_machine.owner != ADA.owner
    classroom.join(str(begun.code), "Ada", by=at_the_same_machine)
    with pytest.raises(RightsError):
        store.delete(run.id, by=at_the_same_machine)
    classroom.next_class(by=teacher)
    names = {Owners(store).nickname(owner) for owner in (ADA.owner, at_the_same_machine.owner)}
    assert len(names) == 2
    assert all(name.startswith("Ada (20") for name in names)


def test_the_runs_of_a_class_leave_with_it_where_that_is_asked_for(
    classroom: Classroom, store: Store, teacher: Person, config: TrainingConfig
) -> None:
    before = store.submit(config, ADA.owner, "from before the class")
    code = classroom.begin(by=teacher).code
    classroom.join(str(code), "Ada", by=ADA)
    store.submit(config, ADA.owner, "of the class")
    classroom.next_class(by=teacher, delete_runs=True)
    assert [run.id for run in store.list()] == [before.id]


def test_somebody_who_is_sent_out_leaves_the_name_behind(
    classroom: Classroom, store: Store, code: str, teacher: Person
) -> None:
    classroom.join(code, "Rude name", by=ADA)
    classroom.send_out(ADA.owner, by=teacher)
    assert (classroom.members(), Owners(store).nickname(ADA.owner)) == ([], "")


def test_rules_that_cannot_be_read_are_none(classroom: Classroom, store: Store, code: str) -> None:
    with store.database.writing() as connection:
        connection.execute("UPDATE classroom SET rules = '{'")
    assert classroom.state().rules == Rules()
