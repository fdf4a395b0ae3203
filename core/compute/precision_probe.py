"""float32 or bfloat16, decided by trying: a few training steps of each in turn, on copies of the network.

What a neighbour on the machine does must not decide: on the CPU a trial counts processor time on one thread. Eight
trials of a net were within 15 % of each other that way on a machine five times overbooked; by the wall clock, or on two
threads, they ranged from 0.01 to 12 times. A decision is made once for a machine, by one process at a time, and kept.

A processor's flags say what it can compute, not whether that pays: one convolutional net trains 2.4 times as fast in
bfloat16 (with channels last) as in float32, a smaller one no faster at all, and without hardware for it bfloat16 is
many times slower (pytorch issues 86550 and 183815). float16 is never tried: its gradients underflow.
"""

import copy
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from filelock import FileLock
from torch import Tensor, nn

from core.compute.autocast import autocast, layout
from core.compute.devices import describe_device, processor
from core.config import TrainingConfig
from core.home import home
from core.models.architecture.table import multiply_adds
from core.strict_json import NotStrictJsonError, read_object, typed
from core.whole_files import write_file

PAYS = 1.15  # bfloat16 is coarser: it has to be this many times as fast as float32 to be chosen
BUDGET = 0.5  # seconds of steps, after those that warm up
MOST_PAIRS = 9  # steps of each; with small networks the median of these is there long before the budget is used
HOPELESS = 4.0  # a first step that takes so many times as long as float32's ends the trial …
BEARABLE = 0.1  # … unless it took no longer than this, in seconds: first steps have costs of their own
GLANCE = 2  # images of the very first steps: cheap even where bfloat16 is many times slower
PATIENCE = 3.0  # seconds of warming up after which no more is tried
WORK = 5e8  # multiply-adds of a forward pass that the trial's batch may cost on a CPU
FEWEST = 4  # images that a trial's batch has at least
MOST_KEPT = 200  # decisions in the file, the newest
NAMES = {"fp32": "float32", "bf16": "bfloat16"}

_FILE, _LOCK = "precision.json", "precision.lock"
_SCHEMA = 1
_remembered: dict[str, "PrecisionChoice"] = {}  # by what it depends on; for this process

Stopwatch = Callable[[str, int], float]


@dataclass(frozen=True, kw_only=True)
class PrecisionChoice:
    """What a training computes in: ``precision`` is fp32 or bf16, and ``sentence`` tells people why.

    ``ratio`` says how many times as fast bf16 was as fp32, None where that was not measured; ``pairs`` of how many
    pairs of steps it is the median (0: of the first steps alone). Raises ValueError for a field of another kind:
    choices are read from files.
    """

    precision: str
    ratio: float | None = None
    pairs: int = 0
    sentence: str

    def __post_init__(self) -> None:
        if self.precision not in NAMES:
            raise ValueError(f"precision is '{self.precision}'; it can be {', '.join(NAMES)}")
        if self.ratio is not None and not (isinstance(self.ratio, float) and 0 < self.ratio < math.inf):
            raise ValueError("the ratio of a choice of precision must be a number above 0")
        if not isinstance(self.pairs, int) or self.pairs < 0:
            raise ValueError("the pairs of a choice of precision must be a whole number")
        if not isinstance(self.sentence, str) or len(self.sentence) > 200:
            raise ValueError("the sentence of a choice of precision must be text of at most 200 characters")


@dataclass(frozen=True, kw_only=True)
class _Written:
    """The file of decisions: each one's fields, by what it depends on."""

    schema: int
    choices: Mapping[str, Any]


def precision_for(
    config: TrainingConfig, model: nn.Module, *, channels: int, image_size: int, classes: int, device: torch.device
) -> PrecisionChoice:
    """Return what ``config`` asks for, or for ``auto`` what pays for ``model`` on ``device``, where it must lie.

    What is decided is kept in the lab's home: the same pair computes alike from then on, for everyone. Neither the
    network nor any random state is changed.
    """
    known = known_precision(config, channels=channels, image_size=image_size, classes=classes, device=device)
    if known is not None:
        return known
    key = _key(config, channels=channels, image_size=image_size, classes=classes, device=device)
    with _one_at_a_time(), _one_thread():
        if (known := _known(key)) is not None:  # somebody else has found out meanwhile
            return known
        batch = trial_batch(config, model, channels=channels, image_size=image_size, device=device)
        trial = Trial(model, channels=channels, image_size=image_size, classes=classes, batch=batch, device=device)
        _remembered[key] = choose(trial, batch=batch)
        _keep(key, _remembered[key])
    return _remembered[key]


def known_precision(
    config: TrainingConfig, *, channels: int, image_size: int, classes: int, device: torch.device
) -> PrecisionChoice | None:
    """Return what `precision_for` would without trying anything; None where it would have to try."""
    if config.precision != "auto":
        return PrecisionChoice(precision=config.precision, sentence=f"{NAMES[config.precision]}, as it was set")
    if device.type not in ("cpu", "cuda"):
        return _fp32(f"bfloat16 is not tried on {device.type.upper()}")
    return _known(_key(config, channels=channels, image_size=image_size, classes=classes, device=device))


def choose(seconds: Stopwatch, *, batch: int) -> PrecisionChoice:
    """Return what pays, from ``seconds(precision, images)``: how long one training step on so many images takes.

    bf16 is taken where the median of fp32 / bf16 over steps in turn is at least `PAYS`. ``seconds`` may raise
    FloatingPointError for a loss that is not finite and RuntimeError for what a device cannot compute: that is fp32.
    """
    spent = 0.0
    ratios: list[float] = []
    try:
        for images in (min(GLANCE, batch), batch):
            fp32, bf16 = seconds("fp32", images), seconds("bf16", images)
            spent += fp32 + bf16
            if bf16 > max(HOPELESS * fp32, BEARABLE):
                return _measured(fp32 / bf16, spent, pairs=0)
            if spent > PATIENCE:
                return _fp32("this machine is too slow or too busy to try bfloat16")
        warm, expected = spent, fp32 + bf16
        while len(ratios) < MOST_PAIRS and spent - warm + expected <= BUDGET:
            fp32, bf16 = seconds("fp32", batch), seconds("bf16", batch)
            spent += fp32 + bf16
            expected = min(expected, fp32 + bf16)  # the longest were disturbed
            ratios.append(fp32 / bf16)
    except FloatingPointError as error:
        return _fp32(str(error))
    except (RuntimeError, MemoryError) as error:
        return _fp32(f"bfloat16 could not be tried here ({type(error).__name__})")
    return _measured(statistics.median(ratios or [fp32 / bf16]), spent, pairs=len(ratios))


def _fp32(why: str) -> PrecisionChoice:
    return PrecisionChoice(precision="fp32", sentence=f"float32: {why}")


def _measured(ratio: float, spent: float, *, pairs: int) -> PrecisionChoice:
    took = f"(measured in {spent:.1f} s)"
    if ratio >= PAYS:
        sentence = f"bfloat16: {_times(ratio)} times as fast here as float32 {took}"
    elif ratio >= 1:
        sentence = f"float32: bfloat16 is only {_times(ratio)} times as fast here {took}"
    else:
        sentence = f"float32: bfloat16 takes {_times(1 / ratio)} times as long here {took}"
    precision = "bf16" if ratio >= PAYS else "fp32"
    return PrecisionChoice(precision=precision, ratio=ratio, pairs=pairs, sentence=sentence)


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 1.5 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"


class Trial:
    """A stopwatch for training steps of two copies of a network, one a precision, on made-up images.

    Dropout draws from a random state that is put back after every step. ``clock`` gives seconds: by
    default of processor time on the CPU, on the wall for a GPU.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        channels: int,
        image_size: int,
        classes: int,
        batch: int,
        device: torch.device,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.device = device
        self.clock = clock or (time.process_time if device.type == "cpu" else time.perf_counter)
        self.model = model
        self.copies: dict[str, nn.Module] = {}
        generator = torch.Generator().manual_seed(0)
        self.images = torch.randn(batch, channels, image_size, image_size, generator=generator).to(device)
        self.labels = torch.randint(classes, (batch,), generator=generator).to(device)

    def __call__(self, precision: str, images: int) -> float:
        """Return the seconds of forward, loss and backward on ``images`` images.

        Raises FloatingPointError where the loss is not finite, RuntimeError where the device cannot.
        """
        if precision not in self.copies:
            twin = copy.deepcopy(self.model).train()
            self.copies[precision] = twin.to(memory_format=layout(precision))
        model = self.copies[precision]
        x = self.images[:images].contiguous(memory_format=layout(precision))
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            self._wait()
            started = self.clock()
            loss = self._step(model, x, self.labels[:images], precision)
            self._wait()
            seconds = self.clock() - started
        model.zero_grad()
        if not math.isfinite(loss):
            raise FloatingPointError(f"a trial in {NAMES[precision]} gave a loss that is not a finite number")
        return max(seconds, 1e-9)

    def _step(self, model: nn.Module, images: Tensor, labels: Tensor, precision: str) -> float:
        with autocast(self.device, precision):
            logits = model(images)
        loss = F.cross_entropy(logits.float(), labels)
        loss.backward()
        return loss.item()

    def _wait(self) -> None:
        if self.device.type == "cuda":  # or only the handing over would be timed, not the work
            torch.cuda.synchronize(self.device)


def trial_batch(
    config: TrainingConfig, model: nn.Module, *, channels: int, image_size: int, device: torch.device
) -> int:
    """Return how many images a trial's step takes: the training's own batch, on a CPU at most what fits the time."""
    if device.type == "cuda":  # a GPU that is not filled gains nothing from a smaller type
        return config.batch_size
    work = multiply_adds(model, channels=channels, image_size=image_size)
    return min(config.batch_size, max(FEWEST, int(WORK // max(1, work))))


def _key(config: TrainingConfig, *, channels: int, image_size: int, classes: int, device: torch.device) -> str:
    """Everything that a decision depends on: not the seed, not how busy the machine is, not how many threads it has."""
    return json.dumps(
        {
            "model": config.model,
            "arguments": dict(config.model_arguments),
            "input": [config.batch_size, channels, image_size, image_size],
            "classes": classes,
            "device": processor() if device.type == "cpu" else describe_device(device),
            "torch": torch.__version__,
        },
        sort_keys=True,
    )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process of this home try at a time; a home that cannot be written is no reason not to."""
    with ExitStack() as held:
        with suppress(OSError):
            home().mkdir(parents=True, exist_ok=True)
            held.enter_context(FileLock(home() / _LOCK))
        yield


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread for a while: two wait for each other as long as neighbours let them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _known(key: str) -> PrecisionChoice | None:
    if key not in _remembered:
        with suppress(ValueError):
            _remembered[key] = typed(PrecisionChoice, _kept().get(key))
    return _remembered.get(key)


def _keep(key: str, choice: PrecisionChoice) -> None:
    """Note a decision. A home that cannot be written costs a new trial in the next process, nothing else."""
    kept = {**{name: fields for name, fields in _kept().items() if name != key}, key: asdict(choice)}
    newest = dict(list(kept.items())[-MOST_KEPT:])
    with suppress(OSError):
        write_file(home() / _FILE, json.dumps({"schema": _SCHEMA, "choices": newest}, indent=1).encode())


def _kept() -> Mapping[str, Any]:
    """Every decision in the file; nothing where it is missing, damaged or of another schema."""
    try:
        written = typed(_Written, read_object(home() / _FILE))
    except (OSError, NotStrictJsonError):
        return {}
    return written.choices if written.schema == _SCHEMA else {}
