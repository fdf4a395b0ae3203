"""A worker without torch for the tests of supervisor and executors: the run's name says how it behaves."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from core.events import StepDone
from core.home import home
from core.runs.executors.processes import process_handle
from core.runs.store.lease import Lease
from core.runs.store.store import STORE_NAME, Store
from core.runs.worker.hold import Hold
from core.runs.worker.recorder import Recorder

STEPS = 300


def main() -> None:
    """Be a worker on the machine that has the store."""
    lease = Lease(Store(home() / STORE_NAME), sys.argv[1], int(sys.argv[2]))
    if lease.title() == "dies before it says anything":
        os._exit(3)
    lease.begin(process_handle(os.getpid()))
    with Recorder(lease) as recorder:
        signal.signal(signal.SIGTERM, lambda _number, _frame: recorder.ask_to_leave("terminated"))
        work(lease, recorder)


def work(lease: Hold, recorder: Recorder, _training: object = None) -> None:
    """Be a worker, wherever the store is."""
    if lease.title() == "dies":
        os.write(2, b"the last line of a worker that dies\n")
        os._exit(3)
    if lease.title() == "has a child and is deaf":
        child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", child]) as process:
            lease.say(f"child {process.pid}")
            be_deaf()
    if lease.title() == "is silent":
        os.kill(os.getpid(), signal.SIGSTOP)
    if lease.title() == "lingers":
        lease.end("finished", reason="completed")
        be_deaf()
    train(lease, recorder)


def train(lease: Hold, recorder: Recorder) -> None:
    """Count steps, saving an empty folder now and then; obey as the real one does."""
    for number in range(newest(lease) + 1, STEPS + 1):
        recorder.step(StepDone(epoch=1, step=number, loss=1.0, learning_rate=0.1, images=8, seconds=0.005))
        if number % 10 == 0:
            recorder.flush()
            save(lease, number)
        if recorder.leave:
            recorder.flush()
            save(lease, number)
            stopped = recorder.leave == "asked"
            lease.end("stopped" if stopped else "interrupted", reason=recorder.leave, again=not stopped)
            return
        time.sleep(0.005)
    recorder.flush()
    lease.end("finished", reason="completed")


def newest(lease: Hold) -> int:
    """The step of the last state that is here."""
    states = sorted(lease.folder.glob("state-*"))
    return int(states[-1].name.split("-")[1]) if states else 0


def save(lease: Hold, number: int) -> None:
    folder = lease.folder / f"state-{number:08d}-0000"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "step").write_text(str(number))
    lease.saved(folder, kind="state", step=number, epoch=0)


def be_deaf() -> None:
    with contextlib.suppress(ValueError):  # only a main thread hears anything
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


if __name__ == "__main__":
    main()
