import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.__main__ import main
from core.command_line import runs
from core.rights import new_secret, owner_of
from core.runs.records import Run
from core.runs.store.lease import Lease
from core.runs.store.owners import Owners
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from tests.core.runs.conftest import epoch, step
from tests.pages import runs as pages_runs

Submit = Callable[..., Run]


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """No supervisor is started; the stores for which one was asked for."""
    asked: list[Store] = []
    monkeypatch.setattr(runs, "ensure_supervisor", asked.append)
    return asked


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def objects(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def at_work(store: Store, submit: Submit) -> Lease:
    run = submit()
    claim = Queue(store).claim(slots=9)
    assert claim is not None
    return Lease(store, run.id, claim.fence)


def test_runs_are_listed_one_object_a_line(store: Store, submit: Submit) -> None:
    first, second = submit("ada", "one"), submit("bob", "two")
    listed = objects(call("runs", "list", "--json"))
    assert [(each["id"], each["owner"], each["name"]) for each in listed] == [
        (second.id, "bob", "two"),
        (first.id, "ada", "one"),
    ]
    assert {"status": "queued", "position": 1, "dataset": "digits", "model": "lenet", "epochs": 2}.items() <= listed[
        1
    ].items()


def test_runs_are_listed_for_people(store: Store, submit: Submit) -> None:
    run = submit("ada", "one")
    words = call("runs", "list").stdout.split()
    assert words[:6] == [run.id, "queued", "place", "1", "ada:", "one"]


def test_a_list_says_what_came_out_and_what_was_changed(store: Store) -> None:
    run = pages_runs.finished(store.home, name="one", config=pages_runs.digits(learning_rate=1.0))
    (line,) = call("runs", "list").stdout.splitlines()
    assert "epoch 2/4" in line
    assert "val  60.0 %" in line
    assert "test  98.6 % (96.9 to 99.4 %)" in line
    assert line.endswith("[epochs 4 (20), learning rate 1 (0.05)]")
    (listed,) = objects(call("runs", "list", "--json"))
    assert (listed["id"], listed["test_n"]) == (run.id, 367)
    assert listed["best_validation"] == pytest.approx(0.6)
    assert listed["test_accuracy"] == pytest.approx(362 / 367)
    assert listed["test_ci95"] == pytest.approx([0.9685, 0.9942], abs=1e-3)
    assert listed["changed"] == [
        {"name": "epochs", "value": 4, "recipe": 20},
        {"name": "learning_rate", "value": 1.0, "recipe": 0.05},
    ]


def test_a_run_shows_every_setting_and_marks_what_differs_from_its_recipe(store: Store) -> None:
    run = pages_runs.queued(store.home, config=pages_runs.digits(augmentation=()))
    shown = call("runs", "show", run.id).stdout
    lines = {" ".join(line.split()) for line in shown.splitlines()}
    assert "settings (* differs from recipe modern)" in lines
    assert "* epochs 4 (recipe: 20)" in lines
    assert {"batch size 32", "momentum 0.9", "training images all"} <= lines
    assert any(line.startswith("* augmentation none (recipe: ") for line in lines)
    assert sum(line.startswith("* ") for line in lines) == 2


def test_every_run_is_listed_however_many_there_are(
    store: Store, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.store.store.WAITING_PER_OWNER", 1_000)
    ids = [submit("ada", f"run {number}").id for number in range(210)]
    assert [line.split()[0] for line in call("runs", "list").stdout.splitlines()] == ids[::-1]


def test_only_one_owners_runs_are_listed(store: Store, submit: Submit) -> None:
    submit("ada"), submit("bob")
    assert [each["owner"] for each in objects(call("runs", "list", "--owner", "bob", "--json"))] == ["bob"]


def test_a_run_is_shown_with_its_configuration_and_epochs(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.record([step(1)], [(1, epoch(1, val_loss=float("nan")))], pace=2.0)
    (shown,) = objects(call("runs", "show", lease.run_id, "--json"))
    assert shown["config"]["image_size"] == 32
    assert [(each["epoch"], each["val_loss"]) for each in shown["epochs"]] == [(1, None)]
    assert "epoch   1  train loss 1.0000" in call("runs", "show", lease.run_id).stdout


def test_a_training_is_submitted_and_served(store: Store, served: list[Store]) -> None:
    arguments = ("--dataset", "digits", "--model", "lenet", "--epochs", "3", "--owner", "ada", "--name", "from a shell")
    (submitted,) = objects(call("runs", "submit", *arguments, "--json"))
    run = store.get(submitted["id"])
    assert (run.owner, run.name, run.config.epochs, run.status) == ("ada", "from a shell", 3, "queued")
    assert [each.path for each in served] == [store.path]


def test_any_setting_can_be_submitted(store: Store, served: list[Store]) -> None:
    settings = ("--set", "learning_rate=0.02", "--set", "augmentation=[]")
    (submitted,) = objects(call("runs", "submit", "--dataset", "digits", "--model", "lenet", *settings, "--json"))
    config = store.get(submitted["id"]).config
    assert (config.learning_rate, config.augmentation) == (0.02, ())


def test_a_run_is_deleted_unless_it_is_at_work(store: Store, submit: Submit) -> None:
    busy, idle = at_work(store, submit), submit()
    assert "stop it first" in call("runs", "delete", busy.run_id).stderr
    assert objects(call("runs", "delete", idle.id, "--json")) == [{"deleted": idle.id}]
    assert [run.id for run in store.list()] == [busy.run_id]


def test_a_setting_out_of_bounds_is_bad_usage(store: Store) -> None:
    result = call("runs", "submit", "--dataset", "digits", "--model", "lenet", "--epochs", "0")
    assert (result.exit_code, store.list()) == (2, [])
    assert "epochs" in result.stderr


def test_a_training_that_would_end_at_once_is_not_submitted(store: Store) -> None:
    result = call("runs", "submit", "--dataset", "cats_vs_dogs", "--model", "fast_cnn", "--limit", "100")
    assert "fewer than one batch" in result.stderr
    assert (result.exit_code, store.list()) == (2, [])


def test_a_run_is_cancelled_and_resumed(store: Store, submit: Submit, served: list[Store]) -> None:
    run = submit()
    assert objects(call("runs", "cancel", run.id, "--json"))[0]["status"] == "stopped"
    assert objects(call("runs", "resume", run.id, "--json"))[0]["status"] == "queued"
    assert len(served) == 1


def test_a_run_at_work_that_is_cancelled_needs_somebody_to_see_to_it(
    store: Store, submit: Submit, served: list[Store]
) -> None:
    lease = at_work(store, submit)
    assert objects(call("runs", "cancel", lease.run_id, "--json"))[0]["status"] == "stopping"
    assert len(served) == 1


def test_a_nickname_names_an_owner_and_no_secret_is_shown(store: Store, submit: Submit) -> None:
    browser = owner_of(new_secret())
    Owners(store).call(browser, "Ada")
    run = submit(browser)
    submit("bob")
    (listed,) = objects(call("runs", "list", "--owner", "ada", "--json"))
    assert (listed["id"], listed["owner"]) == (run.id, "Ada")
    assert browser not in json.dumps(listed)
    arguments = ("--dataset", "digits", "--model", "lenet", "--owner", "Ada")
    (submitted,) = objects(call("runs", "submit", *arguments, "--json"))
    assert store.get(submitted["id"]).owner == browser


def test_a_students_nickname_does_not_take_the_runs_of_the_account(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "teacher")
    Owners(store).call(owner_of(new_secret()), "Teacher")
    (submitted,) = objects(call("runs", "submit", "--dataset", "digits", "--model", "lenet", "--json"))
    assert store.get(submitted["id"]).owner == "teacher (command line)"


def test_the_runs_of_a_name_from_before_are_given_to_whoever_has_it_now(store: Store, submit: Submit) -> None:
    browser = owner_of(new_secret())
    Owners(store).call(browser, "Ada L")
    submit("Ada"), submit("Ada")
    assert call("runs", "give", "Ada", "--to", "Ada L").stdout == "2 runs of Ada passed to Ada L.\n"
    assert {run.owner for run in store.list()} == {browser}
    refused = call("runs", "give", "Zoe", "--to", "Ada L")
    assert (refused.exit_code, "Nobody in this lab is called 'Zoe'" in refused.stderr) == (1, True)


@pytest.mark.parametrize("command", ["show", "cancel", "resume", "delete"])
def test_an_unknown_run_is_one_sentence_and_status_1(store: Store, command: str) -> None:
    result = call("runs", command, "abcdefghij")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip().endswith("There is no run 'abcdefghij'; it may have been deleted.")
    assert len(result.stderr.splitlines()) == 1


def test_doctor_says_what_it_found(store: Store, submit: Submit) -> None:
    at_work(store, submit)
    found = objects(call("doctor", "--json"))
    assert {"check": "store", "verdict": "fine", "message": "The store is whole."} in found
    assert [each["check"] for each in found if each["verdict"] == "repaired"] == ["workers"]


def test_doctor_ends_with_status_1_where_a_person_is_needed(store: Store) -> None:
    (store.home / "runs" / "abcdefghij").mkdir(parents=True)
    result = call("doctor")
    assert result.exit_code == 1
    assert "1 thing needs a person" in result.stderr


def test_doctor_only_looks_where_asked_to(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    assert call("doctor", "--look-only").exit_code == 1
    assert store.get(lease.run_id).status == "running"


def test_the_worker_command_is_not_shown_to_people() -> None:
    listed = call("--help").stdout
    assert "supervise" in listed
    assert "worker" not in listed


def test_a_worker_whose_run_has_passed_on_ends_with_status_1(store: Store, submit: Submit) -> None:
    run = submit()
    assert call("worker", run.id, "--fence", "7").exit_code == 1
    assert store.get(run.id).status == "queued"
