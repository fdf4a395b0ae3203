"""Write a lab home with the build in another checkout, as a class leaves one behind: ``write_home.py CHECKOUT FOLDER``.

Everything is done by that build's own commands in real processes; only what the Training page asks for and ``runs
submit`` cannot is queued through its store. What would name the machine is written over at the end: see README.md.
"""

import contextlib
import getpass
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NOBODY = 4_194_305  # a process id that no Linux, macOS or Windows gives out
NO_NETWORK = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}

DENSE = {
    "recipe": "notebook",
    "dataset": "digits",
    "model": "simple_nn",
    "model_arguments": {"hidden": 16},
    "image_size": 8,
    "epochs": 6,
    "limit": 320,
    "seed": 11,
    "device": "cpu",
    "precision": "fp32",
    "optimizer": "adamw",
    "learning_rate": 0.01,
    "momentum": 0.0,
    "schedule": "step",
    "step_size": 2,
    "gamma": 0.5,
}
CONVOLUTIONS = {
    "recipe": "modern",
    "dataset": "shapes",
    "model": "strided_cnn",
    "model_arguments": {"channels": [4, 8], "dropout": 0.2},
    "epochs": 6,
    "limit": 320,
    "seed": 7,
    "device": "cpu",
    "precision": "fp32",
    "image_size": 16,
    "learning_rate": 0.2,
    "norm_shift_rate": 4.0,
    "label_smoothing": 0.1,
}
DIVERGING = DENSE | {"optimizer": "sgd", "learning_rate": 10.0, "momentum": 0.99, "weight_decay": 0.5}
FROZEN = {
    "recipe": "modern",
    "dataset": "shapes",
    "model": "resnet18",
    "model_arguments": {"weights": "lab", "train": "head", "input_size": 32},
    "epochs": 2,
    "limit": 320,
    "batch_size": 8,
    "seed": 3,
    "device": "cpu",
    "precision": "fp32",
}
BY_HAND = (
    *("train", "--dataset", "digits", "--model", "strided_cnn", "--epochs", "6", "--limit", "320", "--seed", "5"),
    *("--set", "channels=[4, 8]", "--set", "device=cpu"),
)
SUBMIT = """
import json, sys
from core.recipes import recipe_config
from core.runs import open_store
owner, name, note, fields = sys.argv[1:]
fields = json.loads(fields)
fields["model_arguments"] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields["model_arguments"].items()}
print(open_store().submit(recipe_config(fields.pop("recipe"), **fields), owner, name, note=note).id)
"""
ANSWERS = """
import json, sys
import numpy, PIL, sklearn, torch
from core.checkpoints import find
from core.data import load, make_split
from core.devices import processor
from core.preprocessing import normalise, to_batch
answers = {}
for run in sys.argv[1:]:
    checkpoint = find(run)
    data = load(checkpoint.card.dataset, size=checkpoint.card.image_size)
    chosen = make_split(data).test[:8]
    with torch.inference_mode():
        batch = normalise(to_batch(data.images[chosen], checkpoint.format), checkpoint.format)
        answers[run] = {"images": chosen.tolist(), "logits": checkpoint.load_model()(batch).tolist()}
print(json.dumps([answers, {
    "torch": torch.__version__, "numpy": numpy.__version__, "pillow": PIL.__version__,
    "scikit-learn": sklearn.__version__, "threads": torch.get_num_threads(), "processor": processor(),
    "cpu_capability": torch.backends.cpu.get_cpu_capability(),
}]))
"""


class OldLab:
    """The commands of one checkout, on one home."""

    def __init__(self, checkout: Path, home: Path) -> None:
        self.checkout, self.home = checkout, home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CNN_LAB_")}
        self.environment = {**kept, **NO_NETWORK, "CNN_LAB_HOME": str(home), "OMP_NUM_THREADS": "1"}

    def start(self, *arguments: str, slots: int = 1) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.checkout,
            env=self.environment | {"CNN_LAB_SLOTS": str(slots)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        with self.start(*arguments) as process:
            output, errors = process.communicate()
        if process.returncode:
            raise SystemExit(f"{arguments}: {errors}")
        return output

    def core(self, *arguments: str) -> list[Any]:
        return [json.loads(line) for line in self.run("-m", "core", *arguments, "--json").splitlines()]

    def submit(self, fields: dict[str, Any], name: str, *, owner: str = "ada", note: str = "") -> str:
        return self.run("-c", SUBMIT, owner, name, note, json.dumps(fields)).strip()

    def row(self, run: str) -> dict[str, Any]:
        """A run's row, and the step of its newest state as ``saved``; a look costs the lab nothing."""
        with contextlib.closing(sqlite3.connect(self.home / "lab.sqlite3", timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            saved = "(SELECT coalesce(max(step), 0) FROM checkpoints WHERE run = runs.id AND kind = 'state')"
            return dict(connection.execute(f"SELECT *, {saved} AS saved FROM runs WHERE id = ?", (run,)).fetchone())

    def is_locked(self) -> bool:
        """Whether somebody is writing to the store at this moment."""
        with contextlib.closing(sqlite3.connect(self.home / "lab.sqlite3", timeout=0, isolation_level=None)) as store:
            try:
                store.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            store.execute("ROLLBACK")
        return False

    def worker(self, run: str) -> int:
        wait_for(lambda: self.row(run)["handle"])
        return int(json.loads(self.row(run)["handle"])["pid"])

    def folder(self, run: str) -> Path:
        return self.home / "runs" / run

    def ended(self, run: str, status: str) -> None:
        wait_for(lambda: self.row(run)["status"] not in ("queued", "running", "stopping"))
        wait_for(lambda: not self.row(run)["handle"])
        must(self.row(run)["status"] == status, f"{run} is {self.row(run)['status']}, not {status}")

    @contextlib.contextmanager
    def supervisor(self, *, slots: int = 1) -> Iterator[subprocess.Popen[str]]:
        process = self.start("-m", "core", "supervise", slots=slots)
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()


def main(checkout: Path, folder: Path) -> None:
    lab = OldLab(checkout, folder / "home")
    lab.home.mkdir(parents=True)
    named: dict[str, str] = {}
    with lab.supervisor() as supervisor:
        named["failed"] = lab.core(
            *("runs", "submit", "--dataset", "cifar10", "--model", "lenet", "--owner", "bob", "--name", "no network")
        )[0]["id"]
        lab.ended(named["failed"], "failed")
        for name, fields in (("dense", DENSE), ("convolutions", CONVOLUTIONS)):
            named[name] = lab.submit(fields, f"{name}, uninterrupted", note="Two lines\nof a note.")
            lab.ended(named[name], "finished")
        named["diverged"] = lab.submit(DIVERGING, "steps too large", owner="bob")
        lab.ended(named["diverged"], "diverged")
        with standing_still(supervisor.pid):  # the run would be over before it is looked at
            named["stopped"] = lab.submit(DENSE, "dense, stopped")
        with crawling(lab, named["stopped"], until=lambda: states(lab.folder(named["stopped"]))[-1] > (20, 2)):
            lab.core("runs", "cancel", named["stopped"])
        lab.ended(named["stopped"], "stopped")
        with standing_still(supervisor.pid):
            named["frozen"] = lab.submit(FROZEN, "a head on a frozen backbone", owner="bob")
        with crawling(lab, named["frozen"], until=lambda: lab.row(named["frozen"])["steps_total"]):
            lab.core("runs", "cancel", named["frozen"])
        lab.ended(named["frozen"], "stopped")
    lose_power(lab, named)
    by_hand(lab, folder)
    reference_of_the_head(lab, folder)
    for name in ("stopped", "frozen", "told to leave", "lost"):
        must_be_in_mid_epoch(lab.folder(named[name]), 40 if name == "frozen" else 10)
    (folder / "shown.json").write_text(json.dumps(shown(lab), indent=1) + "\n")
    judged = {name: lab.core("evaluate", named[name])[0] for name in ("dense", "convolutions")}
    answers, arithmetic = json.loads(lab.run("-c", ANSWERS, named["dense"], named["convolutions"]))
    written = {"arithmetic": arithmetic, "runs": named, "by_hand": BY_HAND, "judged": judged, "answers": answers}
    (folder / "written.json").write_text(json.dumps(written, indent=1) + "\n")
    make_neutral(lab.home)
    name_nobody(folder, checkout)


def lose_power(lab: OldLab, named: dict[str, str]) -> None:
    """One worker was told to leave, one was lost with its supervisor, one run never began, one was taken back."""
    with lab.supervisor(slots=2) as supervisor:
        for name in ("told to leave", "lost"):
            named[name] = lab.submit(CONVOLUTIONS, f"convolutions, {name}")
        told, lost = (lab.worker(named[name]) for name in ("told to leave", "lost"))
        let_go(told, 0.0)
        let_go(lost, 0.0)
        while lab.is_locked():
            let_go(told, 0.005)
            let_go(lost, 0.005)
        for name in ("queued", "cancelled"):
            named[name] = lab.core(
                *("runs", "submit", "--dataset", "digits", "--model", "simple_nn", "--recipe", "notebook"),
                *("--epochs", "1", "--limit", "64", "--seed", "2", "--owner", "bob", "--name", f"{name} in time"),
            )[0]["id"]
        lab.core("runs", "cancel", named["cancelled"])
        with crawling(
            lab, named["told to leave"], until=lambda: states(lab.folder(named["told to leave"]))[-1] > (20, 2)
        ):
            os.kill(supervisor.pid, signal.SIGSTOP)  # or it would queue again at once what its workers leave
            os.kill(told, signal.SIGTERM)
        wait_for(lambda: lab.row(named["told to leave"])["status"] == "interrupted")
        with crawling(lab, named["lost"], until=lambda: states(lab.folder(named["lost"]))[-1] > (20, 2)):
            while lab.row(named["lost"])["saved"] % 10 == 0:  # states in mid-epoch are saved by the clock: let it pass
                before = lab.row(named["lost"])["saved"]
                time.sleep(2.5)
                while lab.row(named["lost"])["saved"] == before:
                    let_go(lost, 0.005)
            os.kill(lost, signal.SIGKILL)
        supervisor.kill()
    must(lab.row(named["lost"])["status"] == "running", "the lost run was noticed")
    must(lab.row(named["queued"])["status"] == "queued", "the queued run began")


def by_hand(lab: OldLab, folder: Path) -> None:
    """``python -m core train --out`` stopped by Ctrl-C, and the same one undisturbed."""
    out = folder / "by-hand"
    with lab.start("-m", "core", *BY_HAND, "--out", str(out), "--json") as process:
        while states(out)[-1] <= (20, 2):
            let_go(process.pid, 0.005)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        _output, errors = process.communicate()
        must(process.returncode == 1 and "goes on from here" in errors, errors)
    must_be_in_mid_epoch(out, 10)
    lab.core(*BY_HAND, "--out", str(folder / "by-hand-uninterrupted"))


def reference_of_the_head(lab: OldLab, folder: Path) -> None:
    """The last state of the frozen run undisturbed, from a home that is thrown away: its models take 45 MB each."""
    with tempfile.TemporaryDirectory() as scratch:
        other = OldLab(lab.checkout, Path(scratch))
        with other.supervisor():
            run = other.submit(FROZEN, "a head on a frozen backbone")
            other.ended(run, "finished")
        last = sorted(other.folder(run).glob("state-*"))[-1]
        shutil.copytree(last, folder / "frozen-uninterrupted" / last.name)


def shown(lab: OldLab) -> list[Any]:
    """Every run as ``runs show`` says it, newest first as ``runs list`` has them; paths begin at the home."""
    runs = [lab.core("runs", "show", run["id"])[0] for run in lab.core("runs", "list")]
    for run in runs:
        run["checkpoint"] = run["checkpoint"] and str(Path(run["checkpoint"]).relative_to(lab.home))
    return runs


def states(folder: Path) -> list[tuple[int, int]]:
    """Step and epochs of every state, oldest first; before the first one (0, 0)."""
    names = (re.fullmatch(r"state-(\d{8})-(\d{4})", path.name) for path in folder.glob("state-*"))
    return [(0, 0), *sorted((int(name[1]), int(name[2])) for name in names if name)]


@contextlib.contextmanager
def crawling(lab: OldLab, run: str, *, until: Callable[[], object]) -> Iterator[None]:
    """Let a worker run in small portions until something holds; in the block it stands still, without the store."""
    pid = lab.worker(run)
    while not until() or lab.is_locked():
        let_go(pid, 0.005)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def let_go(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGCONT)
    time.sleep(seconds)
    os.kill(pid, signal.SIGSTOP)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        must(time.monotonic() < deadline, "it did not happen in time")
        time.sleep(0.005)


def must(holds: bool, sentence: str) -> None:
    if not holds:
        raise SystemExit(sentence)


def must_be_in_mid_epoch(folder: Path, steps: int) -> None:
    step, _epoch = states(folder)[-1]
    must(step % steps != 0, f"{folder.name} was interrupted between two epochs, at step {step}; try again")


def make_neutral(home: Path) -> None:
    """Leave no process of this machine in the store, nor what a home can make again."""
    with contextlib.closing(sqlite3.connect(home / "lab.sqlite3", isolation_level=None)) as connection:
        nobody = json.dumps({"pid": NOBODY, "started": 1.0})
        connection.execute("UPDATE runs SET handle = ? WHERE handle <> ''", (nobody,))
        connection.execute("UPDATE supervisor SET pid = ?, process_started = 1.0", (NOBODY,))
        connection.execute("VACUUM")  # what was written over stays readable in a file's free space
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in ("prepared", "features"):
        shutil.rmtree(home / name, ignore_errors=True)
    for path in (*home.glob("*.lock"), *home.glob("*.log")):
        path.unlink()


def name_nobody(folder: Path, checkout: Path) -> None:
    """Refuse to end where a file still says on which machine it was written."""
    names = {re.escape(str(path)) for path in (folder, checkout, Path.home(), sys.prefix, tempfile.gettempdir())}
    names |= {rf"\b{re.escape(name)}\b" for name in (socket.gethostname(), getpass.getuser())}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".safetensors":
            found = re.search("|".join(names).encode(), path.read_bytes())
            must(found is None, f"{path.relative_to(folder)} holds {found and found[0]!r}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
