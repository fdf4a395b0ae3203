"""The clock is set back and on under a training, for every process of the lab, by libfaketime."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.endurance.house import digits, house
from benchmarks.endurance.trial import Row, Tell, promised

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
JUMPS = ("-1h", "+10s", "+1h", "-1d")  # from the true time
EPOCHS = 200
WHAT = "the clock set back an hour, on ten seconds, on an hour, back a day"
PROMISE = "no state forgotten, no twin, no needless supervisor, equal weights"


@promised("clock", times=5)
def clock(home: Path, times: int, tell: Tell) -> Row:
    """Set the clock four times during each run; ``CNN_LAB_FAKETIME`` names the library where it is not installed."""
    library = _library()
    if library is None:
        return Row(name="clock", what=WHAT, promise=PROMISE, measured="libfaketime is not here", right=None)
    wrong: list[str] = []
    with _clock(library, home / "clock") as offset, house(home / "home") as lab:
        for number in range(times):
            reference = lab.submit(digits(epochs=EPOCHS, seed=number), owner="reference")
            lab.wait(lambda: not lab.store.get(reference.id).live)
            run = lab.submit(digits(epochs=EPOCHS, seed=number))
            lab.wait(lambda: lab.worker(run) and lab.supervisor())
            leader = lab.supervisor()
            for jump in JUMPS:
                saved = lab.store.get(run.id).saved_step
                offset.write_text(jump)
                with contextlib.suppress(TimeoutError):
                    lab.wait(lambda: lab.store.get(run.id).saved_step > saved, seconds=60)
                now = lab.store.get(run.id)
                if now.saved_step <= saved:
                    wrong.append(f"{jump}: new states are not remembered")
                if lab.supervisor() != leader:
                    wrong.append(f"{jump}: another supervisor")
            lab.wait(lambda: not lab.store.get(run.id).live)
            ended = lab.store.get(run.id)
            if (ended.status, ended.fence) != ("finished", 1) or not (ended.checkpoint or "").endswith("final"):
                wrong.append(f"{ended.status}, worker {ended.fence}, {ended.checkpoint}")
            if lab.weights(run) != lab.weights(reference):
                wrong.append("other weights")
            offset.write_text("+0")
            tell(f"{number + 1} of {times} runs with {len(JUMPS)} jumps each: {wrong or 'nothing noticed'}")
        twins = lab.twins
    measured = f"{times} runs with {len(JUMPS)} jumps each: {len(wrong)} things wrong {wrong[:3] or ''}, {twins} twins"
    return Row(name="clock", what=WHAT, promise=PROMISE, measured=measured, right=not wrong and not twins)


def _library() -> str | None:
    if named := os.environ.get("CNN_LAB_FAKETIME"):
        return named
    found = [path for pattern in LIBRARIES for path in Path("/").glob(pattern.lstrip("/"))]
    return str(found[0]) if found else None


@contextlib.contextmanager
def _clock(library: str, file: Path) -> Iterator[Path]:
    """Let every process that is started meanwhile read how far its clock is off from a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("+0")
    settings = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield file
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
