"""kill -9 of workers, supervisors and web servers while trainings go on."""

import random
from pathlib import Path

from benchmarks.endurance.house import House, digits, house, kill, pause, quantile
from benchmarks.endurance.trial import Row, Tell, promised
from benchmarks.endurance.web import WebServer
from core.runs.records import Run
from core.runs.summons import ensure_supervisor

EPOCHS = 200  # of one run that is killed again and again
LOSSES = 5  # in a row without a newer state; the lab gives up after eight


@promised("kill-worker", times=300)
def workers(home: Path, times: int, tell: Tell) -> Row:
    """Kill the worker at moments that nobody chose; runs follow each other until all kills are spent."""
    chosen, waits, lost, corrupt, unequal, runs = random.Random(0), [], 0, 0, 0, 0
    with house(home) as lab:
        killed = 0
        while killed < times:
            reference = lab.undisturbed(digits(epochs=EPOCHS, seed=runs))
            run = lab.submit(digits(epochs=EPOCHS, seed=runs))
            runs, in_vain, saved = runs + 1, 0, 0
            while killed < times:
                lab.wait(lambda: lab.worker(run) or lab.over(run))
                pause(chosen, 3.0)
                now = lab.store.get(run.id)
                in_vain = 0 if now.saved_step > saved else in_vain + 1
                saved = max(saved, now.saved_step)
                if in_vain >= LOSSES:
                    lab.wait(lambda: lab.store.get(run.id).saved_step > saved or lab.over(run))
                if lab.over(run):
                    break
                kill(lab.worker(run))
                killed += 1
                fence = lab.store.get(run.id).fence
                corrupt += lab.corrupt(run)
                waits.append(lab.wait(lambda: _goes_on(lab, run, fence)))
                tell(f"{killed} of {times} workers killed; the last one was replaced in {waits[-1]:.1f} s")
            lab.wait(lambda: lab.over(run))
            lost += lab.store.get(run.id).status != "finished"
            unequal += lab.weights(run) != reference
        twins = lab.twins
    measured = (
        f"{times} kills in {runs} runs: {lost} runs lost, {corrupt} corrupt checkpoints, {twins} twins, {unequal} runs "
        f"with other weights; gone on within {quantile(waits, 0.5):.1f} s (median), {max(waits):.1f} s (longest)"
    )
    right = not (lost or corrupt or twins or unequal)
    promise = "0 lost, 0 corrupt, 0 twins, equal weights, gone on within 10 s"
    return Row(
        name="kill-worker",
        what="kill -9 of the worker",
        promise=promise,
        measured=measured,
        right=right,
        in_time=max(waits) <= 10,
    )


@promised("kill-supervisor", times=50)
def supervisors(home: Path, times: int, tell: Tell) -> Row:
    """Kill the supervisor; the worker goes on, and one comes up that finds it."""
    waits: list[float] = []
    with house(home) as lab:
        reference = lab.undisturbed(digits(epochs=EPOCHS))
        runs = [lab.submit(digits(epochs=EPOCHS))]
        while len(waits) < times:
            if lab.over(runs[-1]):
                runs.append(lab.submit(digits(epochs=EPOCHS)))
            run = runs[-1]
            lab.wait(lambda: (lab.worker(run) and lab.supervisor()) or lab.over(run))
            before = lab.supervisor()
            if lab.over(run) or not before:
                continue
            kill(before)
            ask = len(waits) % 2 == 1  # by a page, or by the worker itself
            waited = lab.wait(lambda: _led_again(lab, before, ask=ask) or lab.over(run))
            if _led_again(lab, before, ask=False):  # where the run is through nobody needs one
                waits.append(waited)
                tell(f"{len(waits)} of {times} supervisors killed; the next one led after {waited:.1f} s")
        lab.wait(lambda: lab.over(runs[-1]))
        ended = [lab.store.get(run.id) for run in runs]
        unequal, twins = sum(lab.weights(run) != reference for run in runs), lab.twins
    lost = sum(run.status != "finished" or run.fence != 1 for run in ended)
    measured = (
        f"{times} kills in {len(runs)} runs: {lost} lost or restarted, {unequal} with other weights, {twins} twins; "
        f"led again within {quantile(waits, 0.5):.1f} s (median), {max(waits):.1f} s (longest)"
    )
    right = not (lost or unequal or twins)
    promise = "0 lost, 0 twins, equal weights, led again within 10 s"
    return Row(
        name="kill-supervisor",
        what="kill -9 of the supervisor",
        promise=promise,
        measured=measured,
        right=right,
        in_time=max(waits) <= 10,
    )


@promised("kill-web", times=100)
def web_servers(home: Path, times: int, tell: Tell) -> Row:
    """Kill the web server; a training notices nothing, and the next server answers."""
    waits: list[float] = []
    with house(home) as lab:
        run = lab.submit(digits(epochs=EPOCHS))
        lost, begun, fence, server = 0, 1, 1, WebServer(lab.home)
        for number in range(1, times + 1):
            if lab.over(run):
                lost += lab.store.get(run.id).status != "finished" or lab.store.get(run.id).fence != fence
                run, begun = lab.submit(digits(epochs=EPOCHS)), begun + 1
            server.start()
            try:
                waits.append(lab.wait(server.answers))
            finally:
                server.kill()
            tell(f"{number} of {times} web servers killed; the last one answered after {waits[-1]:.1f} s")
        lab.wait(lambda: lab.over(run))
        lost += lab.store.get(run.id).status != "finished" or lab.store.get(run.id).fence != fence
    measured = (
        f"{times} kills during {begun} runs: {lost} runs lost or restarted; answering again within {max(waits):.1f} s"
    )
    promise = "0 runs lost or restarted"
    return Row(name="kill-web", what="kill -9 of the web server", promise=promise, measured=measured, right=not lost)


def _goes_on(lab: House, run: Run, fence: int) -> bool:
    now = lab.store.get(run.id)
    return (now.fence > fence and lab.worker(run) > 0) or lab.over(run)


def _led_again(lab: House, before: int, *, ask: bool) -> bool:
    if ask:
        ensure_supervisor(lab.store)
    return lab.supervisor() not in (0, before)
