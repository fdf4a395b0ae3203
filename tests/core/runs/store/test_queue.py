import random
import threading
from collections.abc import Callable

import pytest

from core.rights import OPERATOR
from core.runs.records import Run
from core.runs.store.lease import MOST_LOSSES, Lease
from core.runs.store.queue_writes import Claim, Held, Queue
from core.runs.store.store import Store

Submit = Callable[..., Run]


def finish(store: Store, claim: Claim) -> None:
    Lease(store, claim.run_id, claim.fence).end("finished", reason="completed")


def lose(queue: Queue, claim: Claim) -> None:
    held = next(each for each in queue.held() if each.run_id == claim.run_id)
    queue.gone(held, log="its last line", forced=False)


def held_after(queue: Queue, claim: Claim) -> Held:
    return next(each for each in queue.held() if each.run_id == claim.run_id)


def claim(queue: Queue, *, slots: int = 1) -> Claim:
    found = queue.claim(slots=slots)
    assert found is not None
    return found


def served(store: Store, queue: Queue) -> list[str]:
    """Serve the whole queue, one run after the other; the owners in their order."""
    owners = []
    while (found := queue.claim(slots=1)) is not None:
        owners.append(found.owner)
        finish(store, found)
    return owners


def test_an_empty_queue_has_nothing_to_claim(queue: Queue) -> None:
    assert queue.claim(slots=1) is None


def test_a_claim_makes_a_run_running_with_a_new_fence(store: Store, queue: Queue, submit: Submit) -> None:
    run = submit()
    taken = claim(queue)
    assert (taken.run_id, taken.owner, taken.fence) == (run.id, "ada", 1)
    assert (store.get(run.id).status, store.get(run.id).fence) == ("running", 1)


def test_no_more_runs_are_at_work_than_there_are_slots(queue: Queue, submit: Submit) -> None:
    for _ in range(3):
        submit()
    assert [queue.claim(slots=2) is not None for _ in range(3)] == [True, True, False]


def test_a_stopping_run_still_holds_its_slot(store: Store, queue: Queue, submit: Submit) -> None:
    submit(), submit()
    store.request_stop(claim(queue).run_id, by=OPERATOR)
    assert queue.claim(slots=1) is None


def test_one_owners_runs_are_served_by_age(queue: Queue, store: Store, submit: Submit) -> None:
    runs = [submit().id for _ in range(3)]
    order = []
    for _ in runs:
        order.append(taken := claim(queue))
        finish(store, taken)
    assert [each.run_id for each in order] == runs


def test_the_owner_with_fewest_runs_at_work_is_served_first(queue: Queue, submit: Submit) -> None:
    submit("ada"), submit("ada"), submit("bob")
    assert [claim(queue, slots=3).owner for _ in range(3)] == ["ada", "bob", "ada"]


def test_the_owner_served_longest_ago_is_served_first(queue: Queue, store: Store, submit: Submit) -> None:
    for owner in ("ada", "ada", "ada", "bob", "bob", "cid"):
        submit(owner)
    assert served(store, queue) == ["ada", "bob", "cid", "ada", "bob", "ada"]


def test_everyone_starts_before_one_students_third_run(queue: Queue, store: Store, submit: Submit) -> None:
    for _ in range(50):
        submit("busy")
    for number in range(29):
        submit(f"student {number}")
    order = served(store, queue)
    third = [place for place, owner in enumerate(order) if owner == "busy"][2]
    assert set(order[:third]) == set(order)


def test_deleting_served_runs_buys_no_place(queue: Queue, store: Store, submit: Submit) -> None:
    submit("ada")
    first = claim(queue)
    finish(store, first)
    store.delete(first.run_id, by=OPERATOR)
    submit("ada"), submit("bob")
    assert claim(queue).owner == "bob"


def test_the_places_shown_are_the_order_served(queue: Queue, store: Store, submit: Submit) -> None:
    dice = random.Random(0)
    for _ in range(25):
        submit(dice.choice(("ada", "bob", "cid")))
        if dice.random() < 0.3 and (taken := queue.claim(slots=1)) is not None:
            finish(store, taken)
    waiting = sorted((run for run in store.list() if run.position), key=lambda run: run.position or 0)
    assert [run.position for run in waiting] == list(range(1, len(waiting) + 1))
    for run in waiting:
        taken = claim(queue)
        assert taken.run_id == run.id
        finish(store, taken)


def test_many_claimants_never_take_one_run_twice(store: Store, queue: Queue, submit: Submit) -> None:
    runs = {submit(f"owner {number % 7}").id for number in range(120)}
    taken: list[str] = []

    def take() -> None:
        other = Store(store.path)  # connections of its own, as another process has
        while (found := Queue(other).claim(slots=1000)) is not None:
            taken.append(found.run_id)
        other.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(runs)
    assert set(taken) == runs


def test_a_lost_run_is_interrupted_and_then_first_in_the_queue(queue: Queue, store: Store, submit: Submit) -> None:
    lost = submit("ada")
    taken = claim(queue)
    submit("bob")
    lose(queue, taken)
    run = store.get(lost.id)
    assert (run.status, run.reason, run.log) == ("interrupted", "lost", "its last line")
    assert queue.again() == 1
    assert (store.get(lost.id).status, store.get(lost.id).position) == ("queued", 1)
    again = claim(queue)
    assert (again.run_id, again.fence) == (lost.id, 2)


def test_a_run_that_kills_every_worker_is_left_for_a_person(queue: Queue, store: Store, submit: Submit) -> None:
    run = submit()
    for _ in range(MOST_LOSSES):
        lose(queue, claim(queue))
        queue.again()
    assert queue.claim(slots=1) is None
    assert store.get(run.id).status == "interrupted"
    assert f"lost {MOST_LOSSES} times in a row" in store.get(run.id).message
    assert store.resume(run.id, by=OPERATOR).status == "queued"


def test_a_run_that_gets_further_each_time_is_never_given_up(queue: Queue, store: Store, submit: Submit) -> None:
    run = submit()
    for number in range(1, 2 * MOST_LOSSES):
        taken = claim(queue)
        Lease(store, run.id, taken.fence).saved(store.home / f"state-{number}", kind="state", step=number, epoch=0)
        lose(queue, taken)
        assert queue.again() == 1


def test_a_run_that_was_stopping_when_its_worker_was_lost_is_stopped(
    queue: Queue, store: Store, submit: Submit
) -> None:
    run = submit()
    taken = claim(queue)
    store.request_stop(run.id, by=OPERATOR)
    lose(queue, taken)
    assert store.get(run.id).status == "stopped"
    assert queue.again() == 0


def test_an_interrupted_run_can_be_stopped_before_it_is_queued_again(
    queue: Queue, store: Store, submit: Submit
) -> None:
    run = submit()
    lose(queue, claim(queue))
    assert store.request_stop(run.id, by=OPERATOR).status == "stopped"
    assert queue.again() == 0


def test_a_run_is_not_claimed_while_its_last_worker_may_live(queue: Queue, store: Store, submit: Submit) -> None:
    run = submit()
    first = claim(queue)
    queue.started(first, '{"pid": 1, "started": 0}')
    Lease(store, run.id, first.fence).end("stopped", reason="asked")
    store.resume(run.id, by=OPERATOR)
    assert queue.claim(slots=1) is None
    queue.gone(held_after(queue, first), log="", forced=False)
    assert claim(queue).run_id == run.id


def test_a_worker_that_said_its_last_word_is_not_lost(queue: Queue, store: Store, submit: Submit) -> None:
    run = submit()
    taken = claim(queue)
    queue.started(taken, '{"pid": 1, "started": 0}')
    finish(store, taken)
    queue.gone(held_after(queue, taken), log="", forced=False)
    assert store.get(run.id).status == "finished"
    assert queue.held() == []


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_supervisor_takes_no_leave_while_there_is_work(queue: Queue, submit: Submit, state: str) -> None:
    submit()
    if state == "running":
        claim(queue)
    queue.appear("a supervisor")
    assert not queue.leave("a supervisor", if_idle=True)
    assert queue.present() == "a supervisor"


def test_a_supervisor_with_nothing_to_do_takes_its_leave(queue: Queue) -> None:
    queue.appear("a supervisor")
    assert queue.leave("a supervisor", if_idle=True)
    assert queue.present() is None
