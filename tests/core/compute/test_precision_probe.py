"""The probe: bfloat16 where it pays, float32 where it does not, and nothing else changed by trying."""

import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.compute import precision_probe
from core.compute.precision_probe import PrecisionChoice, Trial, choose, known_precision, precision_for, trial_batch
from core.config import TrainingConfig
from core.models import build_model

CPU = torch.device("cpu")
FILE = "precision.json"


class FakeSteps:
    """Stands in for a trial: steps take what they are said to take; every call is noted."""

    def __init__(self, fp32: float, bf16: float | Exception, *, odd: dict[int, float] | None = None) -> None:
        self.times: dict[str, float | Exception] = {"fp32": fp32, "bf16": bf16}
        self.odd = odd or {}  # by the number of the call, from 0
        self.calls: list[tuple[str, int]] = []

    def __call__(self, precision: str, images: int) -> float:
        self.calls.append((precision, images))
        seconds = self.times[precision]
        if isinstance(seconds, Exception):
            raise seconds
        return self.odd.get(len(self.calls) - 1, seconds)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision_probe, "_remembered", {})


@pytest.mark.parametrize(
    ("fp32", "bf16", "precision", "words"),
    [
        (0.020, 0.010, "bf16", "bfloat16: 2.0 times as fast here as float32 (measured in 0.3 s)"),
        (0.01151, 0.010, "bf16", "bfloat16: 1.15 times as fast here as float32 (measured in 0.2 s)"),
        (0.01149, 0.010, "fp32", "float32: bfloat16 is only 1.15 times as fast here (measured in 0.2 s)"),
        (0.010, 0.010, "fp32", "float32: bfloat16 is only 1.00 times as fast here (measured in 0.2 s)"),
        (0.010, 0.025, "fp32", "float32: bfloat16 takes 2.5 times as long here (measured in 0.4 s)"),
    ],
)
def test_bf16_is_chosen_where_it_pays_and_refused_where_it_does_not(
    fp32: float, bf16: float, precision: str, words: str
) -> None:
    choice = choose(FakeSteps(fp32, bf16), batch=32)
    assert (choice.precision, choice.pairs, choice.sentence) == (precision, precision_probe.MOST_PAIRS, words)
    assert choice.ratio == pytest.approx(fp32 / bf16)


def test_steps_of_both_are_timed_in_turn_after_one_of_each_size_to_warm_up() -> None:
    steps = FakeSteps(0.02, 0.01)
    choose(steps, batch=32)
    assert steps.calls[:4] == [("fp32", 2), ("bf16", 2), ("fp32", 32), ("bf16", 32)]
    assert steps.calls[4:] == [("fp32", 32), ("bf16", 32)] * precision_probe.MOST_PAIRS


def test_the_first_step_is_not_larger_than_the_batch() -> None:
    steps = FakeSteps(0.02, 0.01)
    choose(steps, batch=1)
    assert {images for _precision, images in steps.calls} == {1}


def test_what_warms_up_does_not_count() -> None:
    choice = choose(FakeSteps(0.01, 0.01, odd={0: 0.5, 2: 0.1}), batch=32)
    assert (choice.precision, choice.ratio) == ("fp32", 1.0)


def test_one_disturbed_step_does_not_decide() -> None:
    choice = choose(FakeSteps(0.01, 0.01, odd={4: 0.3}), batch=32)
    assert (choice.precision, choice.ratio) == ("fp32", 1.0)


def test_bf16_without_hardware_is_given_up_after_one_step_of_two_images() -> None:
    steps = FakeSteps(0.03, 3.0)
    choice = choose(steps, batch=32)
    assert (choice.precision, choice.pairs) == ("fp32", 0)
    assert choice.sentence.startswith("float32: bfloat16 takes 100 times as long here")
    assert steps.calls == [("fp32", 2), ("bf16", 2)]


def test_bf16_is_given_up_after_its_first_whole_batch_where_two_images_said_nothing() -> None:
    steps = FakeSteps(0.05, 0.06, odd={3: 1.0})
    assert choose(steps, batch=32).precision == "fp32"
    assert len(steps.calls) == 4


def test_a_slow_start_in_milliseconds_is_not_hopeless() -> None:
    """Kernels are made ready in a first step: that may take many times what a small network takes itself."""
    assert choose(FakeSteps(0.002, 0.001, odd={1: 0.05, 3: 0.05}), batch=32).precision == "bf16"


@pytest.mark.parametrize(("seconds", "pairs"), [(0.01, 9), (0.05, 5), (0.1, 2), (0.2, 1), (0.3, 0)])
def test_no_step_begins_that_would_go_beyond_the_budget(seconds: float, pairs: int) -> None:
    steps = FakeSteps(seconds, seconds * 0.99)
    assert choose(steps, batch=32).pairs == pairs
    assert len(steps.calls) == 4 + 2 * pairs


def test_where_no_pair_fits_the_budget_the_first_steps_on_the_batch_decide() -> None:
    choice = choose(FakeSteps(0.6, 0.4), batch=32)
    assert (choice.precision, choice.pairs, choice.ratio) == ("bf16", 0, pytest.approx(1.5))


def test_a_machine_that_is_too_busy_is_not_tried_any_longer() -> None:
    steps = FakeSteps(2.0, 1.5)
    choice = choose(steps, batch=32)
    assert (choice.precision, choice.ratio) == ("fp32", None)
    assert choice.sentence == "float32: this machine is too slow or too busy to try bfloat16"
    assert len(steps.calls) == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotImplementedError("no such kernel"), "float32: bfloat16 could not be tried here (NotImplementedError)"),
        (RuntimeError("Current device does not support bfloat16"), "could not be tried here (RuntimeError)"),
        (MemoryError(), "could not be tried here (MemoryError)"),
        (FloatingPointError("the loss is nan"), "float32: the loss is nan"),
    ],
)
def test_a_machine_that_cannot_trains_in_float32_and_says_why(error: Exception, words: str) -> None:
    choice = choose(FakeSteps(0.01, error), batch=32)
    assert (choice.precision, choice.ratio) == ("fp32", None)
    assert words in choice.sentence


class Small(nn.Module):
    """Dropout, BatchNorm and a part that is frozen; notes what it computes in, and can fail in bfloat16."""

    def __init__(self, *, fails: str = "") -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.first.requires_grad_(False)
        self.norm = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(8, 4)
        self.fails = fails
        self.seen: list[tuple[torch.dtype, bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        maps = self.first(x)
        self.seen.append((maps.dtype, x.is_contiguous(memory_format=torch.channels_last)))
        logits: Tensor = self.head(self.dropout(self.norm(maps).relu().mean((2, 3))))
        if maps.dtype == torch.bfloat16 and self.fails == "raises":
            raise RuntimeError("not implemented for 'BFloat16'")
        if maps.dtype == torch.bfloat16 and self.fails == "overflows":
            return logits * torch.inf
        return logits


def trial(model: nn.Module, *, batch: int = 8, clock: Callable[[], float] | None = None) -> Trial:
    more = {} if clock is None else {"clock": clock}
    return Trial(model, channels=3, image_size=8, classes=4, batch=batch, device=CPU, **more)


def everything(model: nn.Module) -> dict[str, object]:
    about: dict[str, object] = {f"state.{name}": value.clone() for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        about[f"about.{name}"] = (parameter.grad, parameter.requires_grad, parameter.stride())
    for name, module in model.named_modules():
        about[f"mode.{name}"] = (module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
    return about


def same(a: dict[str, object], b: dict[str, object]) -> bool:
    def equal(one: object, other: object) -> bool:
        if isinstance(one, Tensor) and isinstance(other, Tensor):
            return torch.equal(one, other)
        return one == other

    return a.keys() == b.keys() and all(equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("fails", ["", "raises", "overflows"])
@pytest.mark.parametrize("training", [True, False])
def test_trying_changes_neither_the_network_nor_any_random_state(fails: str, training: bool) -> None:
    torch.manual_seed(3)
    random.seed(3)
    model = Small(fails=fails).train(training)
    before, torch_before, python_before = everything(model), torch.get_rng_state(), random.getstate()
    choice = choose(trial(model), batch=8)
    assert (choice.ratio is None) == bool(fails)
    assert same(everything(model), before)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert random.getstate() == python_before


@pytest.mark.parametrize(
    ("fails", "words"),
    [("raises", "could not be tried here (RuntimeError)"), ("overflows", "bfloat16 gave a loss that is not a finite")],
)
def test_what_goes_wrong_in_bfloat16_only_is_a_reason_for_float32(fails: str, words: str) -> None:
    choice = choose(trial(Small(fails=fails)), batch=8)
    assert choice.precision == "fp32"
    assert words in choice.sentence


def test_a_trial_trains_as_the_training_will() -> None:
    """float32 as it is, bfloat16 with channels last; what is frozen stays so, BatchNorm counts, gradients flow."""
    model = Small().eval()
    steps = trial(model)
    steps("fp32", 8)
    steps("bf16", 4)
    plain, half = steps.copies["fp32"], steps.copies["bf16"]
    assert isinstance(plain, Small)
    assert isinstance(half, Small)
    assert plain.seen == [(torch.float32, False)]
    assert half.seen == [(torch.bfloat16, True)]
    for twin in (plain, half):
        assert twin.training
        assert not twin.first.weight.requires_grad
        assert twin.norm.num_batches_tracked == 1
        assert twin.norm.running_mean is not None
        assert twin.norm.running_mean.dtype == torch.float32
    assert half.first.weight.is_contiguous(memory_format=torch.channels_last)


def test_a_trial_runs_backward() -> None:
    model = Small()
    reached: list[bool] = []
    steps = trial(model)
    steps("fp32", 8)
    twin = steps.copies["fp32"]
    assert isinstance(twin, Small)
    twin.head.weight.register_hook(lambda gradient: reached.append(bool(gradient.abs().sum() > 0)))
    steps("fp32", 8)
    assert reached == [True]
    assert twin.head.weight.grad is None


def test_a_trial_reads_its_clock_before_and_after_a_step() -> None:
    ticks = iter([10.0, 10.25, 20.0, 20.5])
    steps = trial(Small(), clock=lambda: next(ticks))
    assert (steps("fp32", 8), steps("bf16", 8)) == (0.25, 0.5)


def config(**changes: object) -> TrainingConfig:
    fields: dict[str, object] = {"dataset": "digits", "model": "lenet", "image_size": 32, "precision": "auto"}
    return TrainingConfig(**fields | changes)  # type: ignore[arg-type]


def decided(config: TrainingConfig, *, classes: int = 10, device: torch.device = CPU) -> PrecisionChoice:
    model = build_model(
        config.model, channels=1, image_size=config.image_size, classes=classes, arguments=config.model_arguments
    )
    size = config.image_size
    return precision_for(config, model, channels=1, image_size=size, classes=classes, device=device)


class Trials:
    """Every trial that is begun, each with the same fake steps."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds: tuple[float, float | Exception] = (0.02, 0.01)

    def __call__(self, *_model: object, **_about: object) -> FakeSteps:
        self.count += 1
        return FakeSteps(*self.seconds)


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch, home: Path) -> Trials:
    fake = Trials()
    monkeypatch.setattr(precision_probe, "Trial", fake)
    return fake


def forget() -> None:
    """What another process remembers: nothing."""
    precision_probe._remembered.clear()


@pytest.mark.parametrize(
    ("precision", "words"), [("fp32", "float32, as it was set"), ("bf16", "bfloat16, as it was set")]
)
def test_what_is_set_is_not_tried(trials: Trials, precision: str, words: str) -> None:
    assert decided(config(precision=precision)) == PrecisionChoice(precision=precision, sentence=words)
    assert trials.count == 0


def test_apples_gpu_computes_in_float32_untried(trials: Trials) -> None:
    choice = decided(config(), device=torch.device("mps"))
    assert choice == PrecisionChoice(precision="fp32", sentence="float32: bfloat16 is not tried on MPS")
    assert trials.count == 0


def test_a_decision_is_kept_for_this_process_and_for_the_next(trials: Trials, home: Path) -> None:
    first = decided(config())
    assert first.precision == "bf16"
    assert decided(config()) == first
    forget()
    assert decided(config()) == first
    assert trials.count == 1
    forget()
    (home / FILE).unlink()
    decided(config())
    assert trials.count == 2


STRIDED: dict[str, object] = {"model": "strided_cnn"}
DIFFERENT: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, STRIDED),
    (STRIDED, STRIDED | {"model_arguments": {"dropout": 0.5}}),
    (STRIDED, STRIDED | {"image_size": 28}),
    ({}, {"batch_size": 16}),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=["model", "arguments", "size", "batch"])
def test_another_network_input_or_batch_is_another_decision(
    trials: Trials, one: dict[str, object], other: dict[str, object]
) -> None:
    decided(config(**one))
    decided(config(**other))
    assert trials.count == 2


def test_another_machine_is_another_decision(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    decided(config())
    monkeypatch.setattr(precision_probe, "processor", lambda: "another one")
    decided(config())
    assert trials.count == 2


def test_another_number_of_classes_or_another_torch_is_another_decision(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(config())
    decided(config(), classes=5)
    monkeypatch.setattr(torch, "__version__", "9.9.9")
    decided(config())
    assert trials.count == 3


def test_seed_epochs_and_recipe_have_no_say(trials: Trials) -> None:
    decided(config())
    decided(config(seed=4, epochs=3, recipe="modern", learning_rate=0.5))
    assert trials.count == 1


@pytest.mark.parametrize(
    "seconds",
    [(0.02, 0.01), (0.4, 0.2), (0.02, RuntimeError("no"))],
    ids=["many steps", "first steps only", "failed"],
)
def test_whatever_was_decided_stays_decided(trials: Trials, seconds: tuple[float, float | Exception]) -> None:
    """Two students who train the same with the same seed see the same, however their trials would have ended."""
    trials.seconds = seconds
    first = decided(config())
    trials.seconds = (0.01, 0.02) if first.precision == "bf16" else (0.02, 0.01)
    forget()
    assert decided(config()) == first


def test_a_decision_is_known_before_a_training_once_it_was_made(trials: Trials) -> None:
    about = {"channels": 1, "image_size": 32, "classes": 10, "device": CPU}
    assert known_precision(config(), **about) is None
    first = decided(config())
    assert known_precision(config(seed=3), **about) == first
    assert trials.count == 1


def test_two_trainings_that_begin_at_once_decide_once(trials: Trials) -> None:
    forget()
    with ThreadPoolExecutor(4) as pool:
        choices = list(pool.map(lambda _: decided(config()), range(4)))
    assert trials.count == 1
    assert len(set(choices)) == 1


def test_how_many_threads_a_worker_has_is_no_other_decision(trials: Trials) -> None:
    threads = torch.get_num_threads()
    first = decided(config())
    torch.set_num_threads(threads + 1)
    try:
        assert decided(config()) == first
        assert torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)
    assert trials.count == 1


def test_a_trial_on_the_cpu_counts_its_own_processor_time_not_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "perf_counter", lambda: pytest.fail("the clock on the wall"))
    assert trial(Small())("fp32", 8) > 0


BROKEN = [
    b"",
    b"\xff\xfe",
    b"not JSON",
    b"[]",
    b"null",
    b'{"schema": 2, "choices": {}}',
    b'{"schema": 1}',
    b'{"schema": 1, "choices": []}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: content[:30])
def test_a_broken_file_is_ignored_and_written_anew(trials: Trials, home: Path, content: bytes) -> None:
    (home / FILE).write_bytes(content)
    first = decided(config())
    forget()
    assert decided(config()) == first
    assert trials.count == 1


ENTRIES: list[object] = [
    None,
    [],
    {},
    {"precision": "fp16", "ratio": 2.0, "pairs": 5, "sentence": "fast"},
    {"precision": ["bf16"], "ratio": 2.0, "pairs": 5, "sentence": "fast"},
    {"precision": "bf16", "ratio": -1.0, "pairs": 5, "sentence": "fast"},
    {"precision": "bf16", "ratio": "two", "pairs": 5, "sentence": "fast"},
    {"precision": "bf16", "ratio": 2.0, "pairs": -5, "sentence": "fast"},
    {"precision": "bf16", "ratio": 2.0, "pairs": 5, "sentence": "long" * 100},
    {"precision": "bf16", "ratio": 2.0, "pairs": 5, "sentence": 7},
    {"precision": "bf16", "ratio": 2.0, "pairs": 5, "sentence": "fast", "surprise": 1},
]


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_an_entry_that_makes_no_sense_is_decided_again(trials: Trials, home: Path, entry: object) -> None:
    decided(config())
    written = json.loads((home / FILE).read_text())
    (key,) = written["choices"]
    (home / FILE).write_text(json.dumps({**written, "choices": {key: entry}}))
    forget()
    decided(config())
    assert trials.count == 2
    assert json.loads((home / FILE).read_text()) == written


def test_the_file_holds_the_newest_decisions_only(trials: Trials, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision_probe, "MOST_KEPT", 3)
    for classes in (2, 3, 4, 5, 6):
        decided(config(), classes=classes)
    kept = [json.loads(key)["classes"] for key in json.loads((home / FILE).read_text())["choices"]]
    assert kept == [4, 5, 6]


def test_a_home_that_cannot_be_written_is_no_error(
    trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CNN_LAB_HOME", str(tmp_path / "file" / "home"))
    assert decided(config()).precision == "bf16"
    assert decided(config()).precision == "bf16"
    assert trials.count == 1


def test_a_costly_network_is_tried_on_few_images_and_a_cheap_one_on_its_batch() -> None:
    def images(name: str, *, side: int, device: torch.device = CPU) -> int:
        arguments = {"weights": "random"} if name == "resnet18" else {}
        model = build_model(name, channels=3, image_size=side, classes=10, arguments=arguments)
        wanted = config(model=name, batch_size=64)
        return trial_batch(wanted, model, channels=3, image_size=side, device=device)

    assert images("lenet", side=32) == 64
    assert images("resnet18", side=224) == precision_probe.FEWEST
    assert images("resnet18", side=224, device=torch.device("cuda")) == 64  # what fills a GPU


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_a_real_probe_decides_for_one_of_the_two_and_names_it(home: Path) -> None:
    choice = decided(config(batch_size=8))
    assert choice.precision in ("fp32", "bf16")
    assert choice.sentence.startswith(precision_probe.NAMES[choice.precision])
    if choice.ratio is not None and choice.pairs:
        assert (choice.ratio >= precision_probe.PAYS) == (choice.precision == "bf16")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_a_real_probe_on_cuda_leaves_its_random_state(home: Path) -> None:
    model, device = Small().cuda(), torch.device("cuda")
    before = torch.cuda.get_rng_state(device)
    steps = Trial(model, channels=3, image_size=8, classes=4, batch=8, device=device)
    assert choose(steps, batch=8).precision in ("fp32", "bf16")
    assert torch.equal(torch.cuda.get_rng_state(device), before)
