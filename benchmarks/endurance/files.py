"""Model folders and states that somebody spoiled: refused with a sentence and soon, or read as they were."""

import json
import random
import shutil
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.endurance.trial import Row, Tell, promised
from core.checkpoints import load_state, read
from core.checkpoints.backbones import load_network
from core.config import TrainingConfig
from core.errors import CheckpointError
from core.recipes import recipe_config
from core.training.session import Session

JUNK: tuple[Any, ...] = (None, True, -1, 0, 10**18, 1e300, 0.5, "", "x" * 5_000, [], [[[]]], {}, {"x": 1}, ["x"] * 100)
SECONDS = 2.0


@promised("models", times=10_000)
def models(home: Path, times: int, tell: Tell) -> Row:
    """Spoil a model folder and a state in one place that nobody chose; open them."""
    chosen, wrong, refused, longest = random.Random(0), [], 0, 0.0
    session = Session(_config(), home / "pattern", title="pattern")
    for _event in session.events():
        pass
    state = session.files.states()[-1]
    weights = {name: value.clone() for name, value in load_network(read(session.files.final)).state_dict().items()}
    for number in range(times):
        pattern = session.files.final if number % 4 else state
        folder = home / "spoiled"
        shutil.copytree(pattern, folder)
        how = _spoil(chosen, folder)
        started = time.monotonic()
        try:
            if pattern == state:
                load_state(folder)
            else:
                checkpoint = read(folder)
                loaded = load_network(checkpoint).state_dict()
                checkpoint.predictions()
                if any(not torch.equal(loaded[name], weights[name]) for name in weights):
                    wrong.append(f"{how}: other weights were believed")
        except CheckpointError as error:
            refused += 1
            if not str(error).endswith(".") or len(str(error)) > 500:
                wrong.append(f"{how}: no sentence")
        except Exception as error:
            wrong.append(f"{how}: {type(error).__name__}")
        longest = max(longest, time.monotonic() - started)
        shutil.rmtree(folder)
        if number % 500 == 499:
            tell(f"{number + 1:,} of {times:,}: {refused:,} refused, {len(wrong)} wrong {wrong[:3]}")
    measured = (
        f"{times:,} spoiled folders: {refused:,} refused with a sentence, {times - refused - len(wrong):,} opened as "
        f"they were, {len(wrong)} wrong; longest {longest:.1f} s"
    )
    promise = f"a sentence or the same weights, each within {SECONDS:.0f} s"
    in_time = longest <= SECONDS
    return Row(
        name="models",
        what="hostile model folders and states",
        promise=promise,
        measured=measured,
        right=not wrong,
        in_time=in_time,
    )


@promised("resume", times=5)
def resume(home: Path, times: int, tell: Tell) -> Row:
    """Cut a training at ``times`` places and go on, for every network, optimizer, schedule and augmentation."""
    tried, unequal = 0, []
    for config in _grid():
        whole = Session(config, home / "whole")
        steps = sum(1 for _event in whole.events())
        expected = whole.trainer.model.state_dict()
        for cut in range(times):
            place = 1 + cut * (steps - 2) // max(1, times - 1)
            session = Session(config, home / "cut")
            for number, _event in enumerate(session.events(), start=1):
                if number == place:
                    session.save()
                    break
            again = Session(config, home / "cut")
            for _event in again.events():
                pass
            found = again.trainer.model.state_dict()
            tried += 1
            if again.resumed_from is None or any(not torch.equal(found[name], expected[name]) for name in expected):
                unequal.append(f"{config.model}, {config.optimizer}, {config.schedule}, cut at event {place}")
            shutil.rmtree(home / "cut")
        shutil.rmtree(home / "whole")
        tell(f"{config.model}, {config.optimizer}, {config.schedule}: {tried} tried, unequal: {unequal}")
    measured = f"{tried} trainings cut and gone on with: {len(unequal)} with other weights {unequal[:3] or ''}".strip()
    promise = "bit-equal on the CPU"
    what = f"resume: every network × optimizer × schedule × augmentation, cut at {times} places"
    return Row(name="resume", what=what, promise=promise, measured=measured, right=not unequal)


def _config(**changes: Any) -> TrainingConfig:
    fields: dict[str, Any] = {"epochs": 2, "limit": 64, "batch_size": 16, "device": "cpu", "precision": "fp32"}
    return recipe_config("notebook", dataset="digits", model="strided_cnn", **fields | changes)


def _grid() -> list[TrainingConfig]:
    """Every network that takes digits, with every optimizer and schedule, with and without augmentation."""
    found = []
    for model, own in (
        ("simple_nn", {}),
        ("strided_cnn", {"channels": (4, 8)}),
        ("lenet", {}),
        ("enhanced_cnn", {"widths": (4, 8)}),
        ("fast_cnn", {"widths": (8, 8)}),
        ("resnet18", {"weights": "random"}),
    ):
        for optimizer in ("sgd", "adamw"):
            for schedule in ("constant", "step", "one_cycle"):
                for recipe in ("notebook", "modern"):  # without augmentation, and with what suits the digits
                    fields: dict[str, Any] = {"epochs": 2, "limit": 64, "batch_size": 16, "device": "cpu"}
                    fields |= {"precision": "fp32", "optimizer": optimizer, "schedule": schedule, "step_size": 1}
                    fields |= {"learning_rate": 1e-3, "model_arguments": own}
                    found.append(recipe_config(recipe, dataset="digits", model=model, **fields))
    return found


def _spoil(chosen: random.Random, folder: Path) -> str:
    """Change one place of one file; return what was done."""
    path = chosen.choice(sorted(folder.iterdir()))
    if path.suffix == ".json" and chosen.random() < 0.7:
        tree = json.loads(path.read_text(encoding="utf-8"))
        holder, key = chosen.choice(list(_places(tree)))
        value = chosen.choice(JUNK)
        if chosen.random() < 0.2 and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = value
        path.write_text(json.dumps(tree), encoding="utf-8")
        return f"{path.name}: {key} is {str(value)[:30]!r}"
    data = bytearray(path.read_bytes())
    place, kind = chosen.randrange(len(data)), chosen.choice(("flip", "cut", "insert", "repeat", "zero"))
    if kind == "flip":
        data[place] ^= 1 << chosen.randrange(8)
    elif kind == "cut":
        del data[place:]
    elif kind == "insert":
        data[place:place] = chosen.randbytes(chosen.randrange(1, 64))
    elif kind == "repeat":
        data[place:place] = data[:place]
    else:
        data[place : place + 64] = bytes(len(data[place : place + 64]))
    path.write_bytes(data)
    return f"{path.name}: {kind} at {place:,}"


def _places(tree: Any) -> Any:
    """Every place in a JSON tree that can be given another value: what holds it, and under which name or number."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(entries):
        yield tree, key
        yield from _places(value)
