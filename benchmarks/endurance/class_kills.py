"""kill -9 of anything, or of everything at once, while a class trains: several runs in one process, one too large."""

import itertools
import random
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.endurance.house import House, digits, house, kill, pause, quantile
from benchmarks.endurance.trial import Row, Tell, promised
from benchmarks.endurance.web import WebServer
from core.config import TrainingConfig
from core.runs.executors.processes import is_alive, process_id
from core.runs.records import AT_WORK, Run
from core.runs.sharing import LARGEST_SIDE

EPOCHS, LARGE_EPOCHS = 40, 12
TOGETHER = 4  # runs that share a process, of an owner each
LOSSES = 5  # in a row without a newer state; the lab gives up after eight
TARGETS = (
    *("the process of the class", "all at once", "the supervisor"),
    *("the process of one", "the warm parent", "the web server"),
)
WITHIN = 10.0  # seconds
LINGER = 30.0  # seconds for processes to end once all runs have


@promised("kill-class", times=120)
def kill_class(home: Path, times: int, tell: Tell) -> Row:
    """Kill each kind of process in turn at moments that nobody chose; one class follows the other."""
    with house(home) as lab:
        web = WebServer(lab.home)
        try:
            seen = _Seen(lab, web, tell)
            while seen.kills < times:
                seen.one_class(times)
        finally:
            web.kill()
        twins = lab.twins
    measured = (
        f"{times} kills in {seen.classes} classes of {TOGETHER + 1} runs, {seen.hit} times a run lost its process: "
        f"{seen.lost} runs lost, {seen.corrupt} corrupt checkpoints, {twins} twins, {seen.orphans} orphans, "
        f"{seen.unequal} runs with other weights; training again: {_in_words(seen.waits)}"
    )
    right = not (seen.lost or seen.corrupt or twins or seen.orphans or seen.unequal)
    return Row(
        name="kill-class",
        what="kill -9 of anything while a class trains",
        promise="0 lost, 0 corrupt, 0 twins, 0 orphans, equal weights, training again within 10 s",
        measured=measured,
        right=right,
        in_time=max(itertools.chain(*seen.waits.values()), default=0.0) <= WITHIN,
    )


class _Seen:
    """The classes so far, and what went wrong in them."""

    def __init__(self, lab: House, web: WebServer, tell: Tell) -> None:
        self.lab, self.web, self.tell = lab, web, tell
        self.kills = self.classes = self.hit = self.lost = self.corrupt = self.orphans = self.unequal = 0
        self.waits: dict[str, list[float]] = defaultdict(list)
        self._moments, self._targets = random.Random(), itertools.cycle(TARGETS)
        web.start()
        self._references = [lab.undisturbed(config) for config in _class()]

    def one_class(self, times: int) -> None:
        """Let a class train, killing until all are through or there have been so many ``times`` kills in all."""
        runs = [self.lab.submit(config, f"student {number}") for number, config in enumerate(_class())]
        self.classes += 1
        while self.kills < times and not all(map(self.lab.over, runs)):
            self.lab.wait(
                lambda: any(now.status in AT_WORK for now in self._now(runs)) or all(map(self.lab.over, runs))
            )
            pause(self._moments, 3.0)
            self._let_get_further(runs)
            target = next(self._targets)
            if victims := self._victims(target):
                self._strike(target, victims, runs)
        self.lab.wait(lambda: all(map(self.lab.over, runs)))
        for run, reference in zip(self._now(runs), self._references, strict=True):
            self.lost += run.status != "finished" or len(self.lab.store.steps(run.id)) != run.steps_total
            self.unequal += self.lab.weights(run) != reference
        self.orphans += self._left_over()

    def _strike(self, target: str, victims: set[int], runs: Sequence[Run]) -> None:
        """Kill, start the web server again where it was hit, and wait until all that was hit is at work again."""
        waiting = {run.id for run in runs if self.lab.worker(run) in victims}
        led, served = self.lab.supervisor(), self.web.pid
        for pid in victims:
            kill(pid)
        began = time.monotonic()
        if served in victims:
            self.web.kill()
            self.web.start()  # as whatever keeps a server alive would
        self.lab.wait(lambda: not any(is_alive(pid) for pid in victims))
        saved = {now.id: now.saved_step for now in self._now(runs)}
        self.kills, self.hit = self.kills + 1, self.hit + len(waiting)
        self.corrupt += sum(self.lab.corrupt(run) for run in runs if run.id in waiting)
        took: list[float] = []

        def over() -> bool:
            back = {now.id for now in self._now(runs) if now.saved_step > saved[now.id] or self.lab.over(now)} & waiting
            waiting.difference_update(back)
            took.extend(time.monotonic() - began for _run in back)
            led_again = led not in victims or self.lab.supervisor() not in (0, led)
            return not waiting and (led_again or all(map(self.lab.over, runs)))  # nobody needs one for nothing

        longest = self.lab.wait(over)
        self.waits[target] += took or [longest]
        self.tell(f"{self.kills}: {target}, {len(took)} runs; all is well again within {longest:.1f} s")

    def _victims(self, target: str) -> set[int]:
        """The process ids to be killed; none where there is no such process just now."""
        lives = {each.pid for each in self.lab.processes()}
        sharing = Counter(process_id(held.handle) for held in self.lab.queue.held() if held.shared)
        own = {process_id(held.handle) for held in self.lab.queue.held() if not held.shared}
        found = {
            "the process of the class": {pid for pid, _runs in sharing.most_common(1)} & lives,
            "all at once": lives | {self.web.pid},
            "the supervisor": {self.lab.supervisor()},
            "the process of one": set(sorted(own & lives)[:1]),
            "the warm parent": {self.lab.nursery()},
            "the web server": {self.web.pid},
        }
        return found[target] - {0}

    def _let_get_further(self, runs: Sequence[Run]) -> None:
        """Where a run has been lost often without getting further, wait until it has: the lab would give it up."""
        with self.lab.store.database.reading() as connection:
            rows = connection.execute("SELECT id FROM runs WHERE losses >= ?", (LOSSES,)).fetchall()
        stuck = {row["id"] for row in rows}
        saved = {now.id: now.saved_step for now in self._now(runs) if now.id in stuck}
        self.lab.wait(
            lambda: all(now.saved_step > saved.get(now.id, -1) or self.lab.over(now) for now in self._now(runs))
        )

    def _left_over(self) -> int:
        """How many workers are there that should not be, some seconds after the last run has ended, or one too many of
        the others."""

        def too_many() -> int:
            pids = {each.pid for each in self.lab.processes()}
            return len(pids - {self.lab.supervisor(), self.lab.nursery()})

        try:
            self.lab.wait(lambda: not too_many(), seconds=LINGER)
        except TimeoutError:
            return too_many()
        return 0

    def _now(self, runs: Sequence[Run]) -> list[Run]:
        return [self.lab.store.get(run.id) for run in runs]


def _class() -> list[TrainingConfig]:
    """Small trainings, and one whose images are too large to share a process."""
    small = [digits(epochs=EPOCHS, seed=seed) for seed in range(TOGETHER)]
    large = digits(epochs=LARGE_EPOCHS, seed=TOGETHER, model="simple_nn")
    return [*small, replace(large, image_size=LARGEST_SIDE + 16)]


def _in_words(waits: Mapping[str, list[float]]) -> str:
    return "; ".join(
        f"after {target} {quantile(took, 0.5):.1f} s (median of {len(took)}), {max(took):.1f} s (longest)"
        for target, took in waits.items()
    )
