"""The queue as a state machine: whatever a class, its processes and supervisors do, in whatever order, no run is
in two living processes, none is lost, nobody writes who has been superseded, and owners are served in turn.

``QUEUE_COURSES`` is how many courses of events are tried (the build: a few; a long trial: thousands).
"""

import os
from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.config import TrainingConfig
from core.errors import RunError
from core.rights import Person, RightsError
from core.runs import sharing
from core.runs.records import AT_WORK, ENDED, RESUMABLE, StaleWorkerError
from core.runs.store.lease import MOST_LOSSES
from tests.core.runs.conftest import step
from tests.core.runs.store.queue_lab import Draw, QueueLab, one_of

COURSES, LENGTH = int(os.environ.get("QUEUE_COURSES", "16")), 60
OWNERS = ("ada", "bob", "cid")
SMALL = TrainingConfig(dataset="digits", model="lenet", image_size=32, epochs=2)
LARGE = replace(SMALL, image_size=sharing.LARGEST_SIDE + 32)
EVENTS = (  # some of them more often than others; one rule for all, because courses that lack a few are worth little
    *("submit", "fork", "press", "press", "serve", "serve", "serve", "queue_again", "look", "look", "give_up"),
    *("make_room", "come_up", "come_up", "come_up", "work", "work", "end", "end", "obey", "leave", "kill"),
)
BECOMES = {
    "request_stop": {"queued": {"stopped"}, "running": {"stopping"}, "interrupted": {"interrupted", "stopped"}},
    "resume": {status: {"queued"} for status in RESUMABLE},
}


class Lab(QueueLab, RuleBasedStateMachine):
    """Every event can happen at any moment; what it must have done is checked beside it."""

    @initialize(large=st.lists(st.booleans(), min_size=3, max_size=6))
    def open(self, large: list[bool]) -> None:
        """A class has pressed Train."""
        self.open_lab()
        for number, each in enumerate(large):
            self.queue_up(LARGE if each else SMALL, OWNERS[number % len(OWNERS)])

    @rule(data=st.data(), event=st.sampled_from(EVENTS))
    def happens(self, data: st.DataObject, event: str) -> None:
        getattr(self, event)(data.draw)

    @invariant()
    def no_run_is_in_two_living_processes(self) -> None:
        reached = [process for process in self.living() if not process.given_up]
        counted = Counter(run for process in reached for run, _fence in process.holds)
        assert all(count == 1 for count in counted.values()), counted

    @invariant()
    def nothing_is_lost_and_everybody_in_line_has_a_place(self) -> None:
        runs = self.store.list()
        assert {run.id for run in runs} == set(self.runs)
        places = sorted(run.position for run in runs if run.position is not None)
        assert places == list(range(1, sum(run.status == "queued" for run in runs) + 1))

    def teardown(self) -> None:
        """Let everybody finish: whatever has happened, every run comes to an end, and nothing is left behind."""
        for _round in range(4 * len(self.runs) * MOST_LOSSES + 4):
            for process in self.living():
                self.begin_all(process, room=True)
                for key in list(process.holds):
                    self.finish(process, key, "finished", again=False)
                self.go(process)
            self.take_back(self.queue.held(), blames=True)
            self.queue.again()
            self.claim_next()
            if not self.queue.is_wanted():
                break
        assert not self.queue.is_wanted()
        assert {self.store.get(run).status for run in self.runs} <= set(ENDED)
        for run in self.runs:
            self.check_changes(run)
        self.close_lab()

    # What people do.

    def submit(self, draw: Draw) -> None:
        self.queue_up(draw(st.sampled_from((SMALL, SMALL, LARGE))), draw(st.sampled_from(OWNERS)))

    def fork(self, draw: Draw) -> None:
        """Go on from another run's weights with one thing changed: a run of its own."""
        if of := one_of(draw, self.runs):
            self.queue_up(replace(SMALL, begins_from=f"{of}@1", learning_rate=0.01), self.store.get(of).owner)

    def press(self, draw: Draw) -> None:
        """Stop, resume or delete a run, one's own or somebody else's."""
        if not self.runs:
            return
        run = self.store.get(draw(st.sampled_from(self.runs)))
        what = draw(st.sampled_from(("request_stop", "request_stop", "resume", "delete")))
        own = draw(st.sampled_from((True, True, True, False)))
        before = self.fate(run.id)
        self.check_changes(run.id)
        try:
            getattr(self.store, what)(run.id, by=Person(owner=run.owner if own else "a stranger"))
        except RightsError:
            assert not own
            assert self.fate(run.id) == before
        except RunError:
            assert run.status in (AT_WORK if what == "delete" else ("stopping", "finished", "diverged"))
            assert self.fate(run.id) == before
        else:
            assert own
            if what == "delete":
                assert run.status not in AT_WORK
                self.runs.remove(run.id)
            else:
                assert self.store.get(run.id).status in BECOMES[what].get(run.status, {run.status})

    # What supervisors do.

    def serve(self, draw: Draw) -> None:
        """Claim; the supervisor may die before it can say which process does the work."""
        fate = draw(st.sampled_from(("comes up", "comes up", "dies", "supervisor dies", "both die")))
        for _claim in range(draw(st.integers(1, 4))):
            self.claim_next(known=draw(st.sampled_from((True, True, False))), fate=fate)

    def look(self, draw: Draw) -> None:
        """Take back what processes that are gone have left; a supervisor may do so by what it saw a while ago."""
        held = self.queue.held()
        self.take_back(self.seen if draw(st.booleans()) else held, blames=draw(st.booleans()))
        self.seen = held

    def queue_again(self, _draw: Draw) -> None:
        self.queue.again()

    def give_up(self, draw: Draw) -> None:
        """A process on a machine that nobody reaches any more: it is taken for gone, and goes on."""
        if process := one_of(draw, self.living()):
            process.given_up = True
            self.take_back(self.queue.held(), blames=False)

    def make_room(self, _draw: Draw) -> None:
        self.queue.make_room(lambda *_claim: True, together=sharing.TOGETHER)

    # What processes do.

    def come_up(self, draw: Draw) -> None:
        """Those that have been started, or handed runs, find them."""
        for process in self.living():
            self.begin_all(process, room=draw(st.sampled_from((True, True, True, False))))

    def work(self, draw: Draw) -> None:
        """Write figures, and perhaps a state; refused to whoever has been superseded, and to nobody else."""
        for process, key in self.at_work():
            lease, number = self.lease(key), next(self.numbers)
            current, before = self.is_current(key), self.steps(key[0])
            assert lease.orders().superseded is not current
            try:
                lease.record([step(number)], [], pace=None)
                if draw(st.booleans()):
                    lease.saved(self.home / f"state-{number}", kind="state", step=number, epoch=0)
            except StaleWorkerError:
                assert not current
                assert self.steps(key[0]) == before
                self.drop(process, key)
            else:
                assert current

    def end(self, draw: Draw) -> None:
        """Say the last word about a run."""
        if found := one_of(draw, self.at_work()):
            status = draw(st.sampled_from(("finished", "diverged", "failed", "interrupted", "interrupted")))
            self.finish(*found, status, again=status == "interrupted")

    def obey(self, _draw: Draw) -> None:
        """Stop, or make room for others, where that is asked."""
        for process, key in self.at_work():
            orders = self.lease(key).orders()
            if orders.stop or orders.make_room:
                status = "stopped" if orders.stop else "interrupted"
                self.finish(process, key, status, again=status == "interrupted")

    def leave(self, _draw: Draw) -> None:
        for process in self.living():
            self.go(process)

    def kill(self, draw: Draw) -> None:
        if process := one_of(draw, self.living()):
            process.alive = False


TestQueue = Lab.TestCase
TestQueue.settings = settings(
    max_examples=COURSES,
    stateful_step_count=LENGTH,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="QUEUE_COURSES" not in os.environ,
)
