"""Whose run it is: only its owner and whoever runs the lab may change it, whatever a page lets them press."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import TrainingConfig
from core.errors import RunError
from core.rights import OPERATOR, Guesses, Person, RightsError, has_browser, is_secret, new_secret, owner_of
from core.runs.records import Run
from core.runs.store.database import MIGRATIONS, Database
from core.runs.store.owners import Owners
from core.runs.store.store import STORE_NAME, Store

ADA, BOB = (Person(owner=owner_of(new_secret())) for _ in range(2))
KEY = "a key of the teacher's"
CHANGES: dict[str, Callable[[Store, str, Person], object]] = {
    "stop": lambda store, run, by: store.request_stop(run, by=by),
    "resume": lambda store, run, by: store.resume(run, by=by),
    "rename": lambda store, run, by: store.rename(run, "another name", by=by),
    "annotate": lambda store, run, by: store.note(run, "a note", by=by),
    "delete": lambda store, run, by: store.delete(run, by=by),
}


@pytest.fixture
def adas_run(store: Store, config: TrainingConfig) -> Run:
    return store.submit(config, ADA.owner, "hers")


@pytest.fixture
def owners(store: Store) -> Owners:
    return Owners(store)


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_else_can_change_a_run(store: Store, adas_run: Run, change: str) -> None:
    for stranger in (BOB, Person(owner=""), Person(owner="Ada"), Person(owner=adas_run.owner_name)):
        with pytest.raises(RightsError, match=rf"'hers' is guest \w{{4}}'s run: .* can {change} it\.$"):
            CHANGES[change](store, adas_run.id, stranger)
    assert store.get(adas_run.id) == adas_run


@pytest.mark.parametrize("who", [ADA, OPERATOR], ids=["its owner", "who runs the lab"])
@pytest.mark.parametrize("change", CHANGES)
def test_its_owner_and_who_runs_the_lab_can(store: Store, adas_run: Run, change: str, who: Person) -> None:
    CHANGES[change](store, adas_run.id, who)


def test_a_nickname_gives_no_rights(store: Store, owners: Owners, adas_run: Run) -> None:
    owners.call(BOB.owner, "Ada")
    with pytest.raises(RightsError):
        store.delete(adas_run.id, by=owners.person(BOB.owner))


def test_an_owner_is_told_by_a_secret_that_cannot_be_found_from_it() -> None:
    secret = new_secret()
    assert is_secret(secret)
    assert has_browser(owner_of(secret))
    assert owner_of(secret) == owner_of(secret) != owner_of(new_secret())
    assert secret not in owner_of(secret)


def test_those_without_a_nickname_are_told_apart(store: Store, config: TrainingConfig) -> None:
    names = {store.submit(config, owner_of(new_secret()), "a run").owner_name for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("guest ") for name in names)


def test_a_nickname_is_shown_also_for_runs_from_before_it_was_chosen(
    store: Store, owners: Owners, adas_run: Run
) -> None:
    owners.call(ADA.owner, "Ada")
    assert store.get(adas_run.id).owner_name == "Ada"


@pytest.mark.parametrize("taken", ["Ada", "ADA", "Ａda"])
def test_a_nickname_is_one_persons(owners: Owners, taken: str) -> None:
    owners.call(ADA.owner, "Ada")
    owners.call(ADA.owner, "Ada")  # her own
    with pytest.raises(RunError, match="somebody else's"):
        owners.call(BOB.owner, taken)


@pytest.mark.parametrize("name", ["you", "Guest 12ab", "whoever runs the lab", "a\x07b", "x" * 81])
def test_names_that_would_mislead_cannot_be_chosen(owners: Owners, name: str) -> None:
    with pytest.raises(RunError):
        owners.call(ADA.owner, name)


def test_who_enters_the_labs_key_may_do_all_until_the_key_changes(
    store: Store, owners: Owners, adas_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", KEY)
    owners.enter_key(BOB.owner, KEY)
    assert owners.person(BOB.owner).runs_the_lab
    assert not owners.person(ADA.owner).runs_the_lab
    store.rename(adas_run.id, "seen", by=owners.person(BOB.owner))
    monkeypatch.setenv("CNN_LAB_KEY", "another key of the teacher's")
    assert not owners.person(BOB.owner).runs_the_lab
    monkeypatch.delenv("CNN_LAB_KEY")
    assert not owners.person(BOB.owner).runs_the_lab


def test_rights_can_be_laid_down(owners: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", KEY)
    owners.enter_key(BOB.owner, KEY)
    owners.leave_key(BOB.owner)
    assert not owners.person(BOB.owner).runs_the_lab


@pytest.mark.parametrize(("key", "tried"), [(KEY, "guess"), ("", ""), ("short", "short"), (KEY, "")])
def test_a_wrong_key_gives_nothing(owners: Owners, monkeypatch: pytest.MonkeyPatch, key: str, tried: str) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", key)
    with pytest.raises(RightsError, match="not the key"):
        owners.enter_key(BOB.owner, tried)
    assert not owners.person(BOB.owner).runs_the_lab


def test_the_key_can_be_guessed_five_times_a_minute_and_no_longer_even_rightly(
    owners: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", KEY)
    for guess in range(5):
        with pytest.raises(RightsError, match="not the key"):
            owners.enter_key(BOB.owner, f"guess {guess}")
    with pytest.raises(RightsError, match=r"tried 5 times within a minute; wait \d+ s"):
        owners.enter_key(BOB.owner, KEY)
    owners.enter_key(ADA.owner, KEY)  # somebody else's tries are their own


def test_whoever_comes_as_somebody_new_each_time_guesses_no_more_often_and_keeps_nobody_else_out(
    owners: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_LAB_KEY", KEY)
    refusals = []
    for guess in range(32):
        with pytest.raises(RightsError) as refusal:
            owners.enter_key(owner_of(new_secret()), f"guess {guess}", address="192.168.1.66")
        refusals.append("From your address in the network 30 wrong ones" in str(refusal.value))
    assert refusals == [False] * 30 + [True] * 2
    owners.enter_key(ADA.owner, KEY, address="192.168.1.20")


def test_tries_are_forgotten_after_a_minute_and_what_is_right_is_none() -> None:
    now = 0.0
    guesses = Guesses(each=2, of_address=9, clock=lambda: now)
    assert not guesses.judge("one", right=False, by=ADA)
    now = 30.0
    assert guesses.judge("it", right=True, by=ADA)
    assert not guesses.judge("two", right=False, by=ADA)
    with pytest.raises(RightsError, match="wait 30 s"):
        guesses.judge("three", right=False, by=ADA)
    assert guesses.judge("it", right=True, by=ADA), "known before"
    now = 61.0
    assert not guesses.judge("three", right=False, by=ADA)


def test_the_same_wrong_one_again_and_by_others_finds_nothing_out_and_is_not_counted() -> None:
    guesses = Guesses(each=2, of_address=2, clock=lambda: 0.0)
    for _page_drawn_anew in range(5):
        assert not guesses.judge("the code of yesterday", right=False, by=ADA)
    for _student in range(5):
        assert not guesses.judge("the code of yesterday", right=False, by=Person(owner=owner_of(new_secret())))
    assert not guesses.judge("another", right=False, by=ADA)
    with pytest.raises(RightsError):
        guesses.judge("a third", right=False, by=BOB)


def test_who_is_given_a_network_of_addresses_counts_as_one() -> None:
    guesses = Guesses(each=2, of_address=2, clock=lambda: 0.0)
    for number in range(3):
        somebody = Person(owner=owner_of(new_secret()), address=f"2001:db8::{number + 1:x}")
        if number < 2:
            guesses.judge(str(number), right=False, by=somebody)
            continue
        with pytest.raises(RightsError, match="your address in the network"):
            guesses.judge(str(number), right=False, by=somebody)


def test_who_stopped_a_run_is_kept_until_it_goes_on(store: Store, owners: Owners, adas_run: Run) -> None:
    owners.call(ADA.owner, "Ada")
    stopped = store.request_stop(adas_run.id, by=ADA)
    assert (stopped.stopped_by, stopped.stopped_by_name) == (ADA.owner, "Ada")
    assert store.resume(adas_run.id, by=ADA).stopped_by == ""
    assert store.request_stop(adas_run.id, by=OPERATOR).stopped_by_name == "whoever runs the lab"


def test_a_store_from_before_keeps_its_owners_and_no_browser_has_their_names(
    tmp_path: Path, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("core.runs.store.database.MIGRATIONS", MIGRATIONS[:6])
        before.setattr("core.runs.store.database.SCHEMA", 6)
        old = Database(tmp_path / STORE_NAME)
        with old.writing() as connection:
            connection.execute(
                "INSERT INTO runs (id, owner, name, config, created, ticket) VALUES (?, ?, ?, ?, ?, ?)",
                ("k7mq2xw9ab", "Ada", "old", config.to_json(), 0.0, 1),
            )
            connection.execute("INSERT INTO owners VALUES ('Ada', 1)")
        old.close()
    store = Store(tmp_path / STORE_NAME)
    owners = Owners(store)
    assert store.get("k7mq2xw9ab").owner_name == "Ada"
    with pytest.raises(RunError, match="runs from before"):
        owners.call(ADA.owner, "ada")
    owners.call(ADA.owner, "Ada L")
    assert owners.give("Ada", to="Ada L") == 1
    store.rename("k7mq2xw9ab", "hers again", by=ADA)
    owners.call(ADA.owner, "Ada")  # nobody's any more
    store.close()


def test_runs_are_given_only_from_and_to_somebody(owners: Owners, adas_run: Run) -> None:
    with pytest.raises(RunError, match="called 'Zoe'"):
        owners.give(adas_run.owner_name, to="Zoe")
    with pytest.raises(RunError, match="one owner"):
        owners.give(adas_run.owner_name, to=adas_run.owner_name)
