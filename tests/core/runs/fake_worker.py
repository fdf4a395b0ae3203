"""A worker without torch for the tests of the supervisor: the run's note says how it behaves."""

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
from core.runs.worker.recorder import Recorder

STEPS = 300


def main() -> None:
    store = Store(home() / STORE_NAME)
    run = store.get(sys.argv[1])
    lease = Lease(store, run.id, int(sys.argv[2]))
    if run.note == "dies before it says anything":
        os._exit(3)
    lease.begin(process_handle(os.getpid()))
    if run.note == "dies":
        os.write(2, b"the last line of a worker that dies\n")
        os._exit(3)
    if run.note == "has a child and is deaf":
        child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", child]) as process:
            (lease.folder / "child").write_text(str(process.pid))
            be_deaf()
    if run.note == "is silent":
        be_deaf()
    if run.note == "lingers":
        lease.end("finished", reason="completed")
        be_deaf()
    train(lease, run.saved_step)


def train(lease: Lease, saved: int) -> None:
    """Count steps, saving an empty folder now and then; obey as the real one does."""
    with Recorder(lease) as recorder:
        signal.signal(signal.SIGTERM, lambda _number, _frame: recorder.ask_to_leave("terminated"))
        for number in range(saved + 1, STEPS + 1):
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


def save(lease: Lease, number: int) -> None:
    folder = lease.folder / f"state-{number:08d}-0000"
    folder.mkdir(exist_ok=True)
    lease.saved(folder, kind="state", step=number, epoch=0)


def be_deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


main()
