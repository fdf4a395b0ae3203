"""The queue under pressure: whose turn it is, who leads, who claims, and how soon a run stops."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.endurance.house import digits, house, quantile
from benchmarks.endurance.trial import Row, Tell, promised
from core.rights import OPERATOR
from core.runs.executors.processes import ROOT, environment, find_process, process_handle
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store

STUDENTS, GREEDY = 29, 50
ROUND = 200  # runs that wait at once while claims are counted
CLAIMERS = 4
EPOCHS = 500  # of a training that is stopped over and over
_CLAIM = """
import sys
from pathlib import Path
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
queue = Queue(Store(Path(sys.argv[1])))
sys.stdin.readline()
while claim := queue.claim(slots=10**9, threads=1):
    print(claim.run_id, claim.fence)
"""


@promised("fairness", times=1)
def fairness(home: Path, times: int, tell: Tell) -> Row:
    """One student queues fifty runs, then twenty-nine others one each; who is served in which order?"""
    place = 0
    for number in range(times):
        store = Store(home / f"{number}" / STORE_NAME)
        queue, config = Queue(store), digits(epochs=1)
        for turn in range(GREEDY):
            store.submit(config, "greedy", f"run {turn}")
        for student in range(STUDENTS):
            store.submit(config, f"student {student}", "the only one")
        served: list[str] = []
        while claim := queue.claim(slots=1, threads=1):
            served.append(claim.owner)
            Lease(store, claim.run_id, claim.fence).end("finished", reason="completed")
        thirds = [place for place, owner in enumerate(served) if owner == "greedy"]
        place = max(place, sum(owner != "greedy" for owner in served[thirds[2] :]))
        store.close()
    tell(f"{place} of {STUDENTS} students were served after the greedy one's third run")
    measured = f"{STUDENTS - place} of {STUDENTS} others started before the first one's third run"
    promise = "everyone starts before the first one's third run"
    what = f"fairness: one student with {GREEDY} runs, {STUDENTS} with one"
    return Row(name="fairness", what=what, promise=promise, measured=measured, right=place == 0)


@promised("claims", times=100_000)
def claims(home: Path, times: int, tell: Tell) -> Row:
    """Four processes claim from one store as fast as they can; no run may be claimed twice."""
    twice, made = 0, 0
    config = digits(epochs=1)
    while made < times:
        path = home / f"{made}" / STORE_NAME
        store = Store(path)
        with store.database.writing() as connection:
            connection.executemany(
                "INSERT INTO runs (id, owner, name, config, created, ticket) VALUES (?, ?, 'a run', ?, 0, ?)",
                [(_id(number), f"student {number % 30}", config.to_json(), number) for number in range(ROUND)],
            )
        claimed = _claimed(path)
        made += len(claimed)
        twice += len(claimed) - len(set(claimed)) + (len(claimed) < ROUND)
        store.close()
        tell(f"{made:,} of {times:,} claims, {twice} of them double")
    measured = f"{made:,} claims by {CLAIMERS} processes at once: {twice} double"
    return Row(name="claims", what="two claimers on one store", promise="0 double", measured=measured, right=not twice)


@promised("leaders", times=50)
def leaders(home: Path, times: int, tell: Tell) -> Row:
    """Several supervisors come up at the same moment; exactly one leads."""
    wrong = 0
    command = [sys.executable, "-m", "core", "supervise"]
    for number in range(times):
        folder = home / f"{number}"
        Store(folder / STORE_NAME).close()
        processes = [
            subprocess.Popen(command, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _process in range(3)
        ]
        deadline = time.monotonic() + 120
        while sum(process.poll() is None for process in processes) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        wrong += sum(process.poll() is None for process in processes) != 1
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=60)
        tell(f"{number + 1} of {times}: {wrong} times not exactly one")
    measured = f"{times} times three supervisors at once: {times - wrong} times exactly one led"
    promise = "exactly one leader"
    return Row(name="leaders", what="two supervisors on one store", promise=promise, measured=measured, right=not wrong)


@promised("cancel", times=500)
def cancel(home: Path, times: int, tell: Tell) -> Row:
    """Stop a training and resume it, over and over; count the seconds and what is left behind."""
    waits: list[float] = []
    with house(home) as lab:
        run = lab.submit(digits(epochs=EPOCHS))
        while len(waits) < times:
            if lab.store.get(run.id).status == "stopped":
                lab.store.resume(run.id, by=OPERATOR)
            elif lab.over(run):  # some of them are through before they can be stopped
                run = lab.submit(digits(epochs=EPOCHS, seed=len(waits)))
            lab.wait(lambda: (lab.worker(run) and lab.store.get(run.id).status == "running") or lab.over(run))
            worker, step = lab.worker(run), lab.store.get(run.id).step
            if not worker:
                continue
            handle = process_handle(worker)
            lab.wait(lambda: lab.store.get(run.id).step > step or lab.over(run))
            lab.store.request_stop(run.id, by=OPERATOR)
            # A process that runs may share is nobody's any more a moment before it ends.
            waited = lab.wait(lambda: lab.over(run) and not find_process(handle))
            if lab.store.get(run.id).status == "stopped":
                waits.append(waited)
                tell(f"{len(waits)} of {times} stopped; worker {worker} was gone after {waited:.1f} s")
        orphans = sum("worker" in process.cmdline() for process in lab.processes())
    measured = (
        f"{times} times: p95 {quantile(waits, 0.95):.1f} s, longest {max(waits):.1f} s, its process gone; "
        f"{orphans} orphans"
    )
    in_time = quantile(waits, 0.95) <= 2 and max(waits) <= 10
    promise = "p95 within 2 s, hard within 10 s, 0 orphans"
    return Row(
        name="cancel", what="stopping a run", promise=promise, measured=measured, right=not orphans, in_time=in_time
    )


def _claimed(path: Path) -> list[str]:
    """What `CLAIMERS` processes claim until nothing is left; they begin together."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _CLAIM, str(path)],
            cwd=ROOT,
            env=dict(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _claimer in range(CLAIMERS)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [line for process in processes for line in process.communicate(timeout=600)[0].splitlines()]


def _id(number: int) -> str:
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "".join(letters[number >> 5 * place & 31] for place in range(10))
