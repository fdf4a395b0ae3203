"""What a training would cost before it is queued: whether it can begin, when it is done, who is before it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.checkpoints.beginnings import check_unseen
from core.config import TrainingConfig
from core.data import availability, datasets, published_parts
from core.errors import LabError
from core.recipes import check_trainable
from core.runs import Run, open_store
from core.runs.records import AT_WORK, WAITING
from pages._ui import cached
from pages._ui.classroom.rules import class_refuses
from pages._ui.frame import plain
from pages._ui.run_words import duration


def why_refused(config: TrainingConfig) -> str | None:
    """Why this training would end as soon as it begins, or is not the class's; None where it can be queued."""
    if said := class_refuses(config):
        return said
    try:
        check_trainable(config, training_images(config))
        if config.begins_from and decoded(config):
            check_unseen(
                config,
                cached.dataset(config.dataset, config.image_size),
                cached.split(config.dataset, config.image_size, config.slips),
            )
    except LabError as error:
        return str(error)
    return None


def decoded(config: TrainingConfig) -> bool:
    """Whether a training could begin with the images as they lie here."""
    return availability(config.dataset, config.image_size) in ("builtin", "prepared")


def training_images(config: TrainingConfig) -> int | None:
    """How many training images there are, where they have been decoded; None where nobody knows yet."""
    return len(cached.split(config.dataset, config.image_size, config.slips).train) if decoded(config) else None


def _counts(config: TrainingConfig) -> tuple[int, int, int] | None:
    """Training, validation and test images: counted where they have been decoded, else of the set as published."""
    if decoded(config):
        split = cached.split(config.dataset, config.image_size, config.slips)
        return len(split.train), len(split.validation), len(split.test)
    spec = datasets[config.dataset]
    parts = published_parts(spec, slips=config.slips)
    return (*parts, spec.images[1]) if parts and spec.images else None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a training costs: seconds for one image, and how many images it is trained on, judged by and tested on."""

    each: float
    train: int
    validation: int
    test: int

    def of(self, config: TrainingConfig) -> float:
        """Return the seconds that ``config`` takes with the machine to itself: others of its epochs and images too."""
        from core.training.forecast.whole import seconds_to_verdict

        return seconds_to_verdict(config, each=self.each, train=self.train, validation=self.validation, test=self.test)


def cost_of(config: TrainingConfig) -> Cost | None:
    """Return what a training costs, None where nobody can tell; some steps are timed where that was not done before."""
    from core.compute.devices import best_device
    from core.training.forecast.steps import timed

    try:
        if (images := _counts(config)) is None or why_refused(config) is not None:
            return None
        each = timed(config, best_device(config.device))
        return Cost(each=each, train=images[0], validation=images[1], test=images[2])
    except LabError:
        return None


def work_before(owner: str, *, lanes: int) -> Sequence[float | None]:
    """What is left of each training that a new one of this owner's would have beside it or before it, in seconds.

    An owner's second training waits for everybody's first. None for what nobody has timed. Raises StoreError.
    """
    live = open_store().list(statuses=(*WAITING, *AT_WORK))
    at_work = sum(run.status in AT_WORK for run in live)
    mine = sum(run.owner == owner for run in live)
    rounds: Counter[str] = Counter()
    found = []
    for run in sorted(live, key=lambda run: run.position or 0):
        rounds[run.owner] += 1
        if run.status in AT_WORK or rounds[run.owner] <= mine + 1:
            found.append(_work_left(run, share=min(1.0, lanes / max(1, at_work))))
    return found


def _work_left(run: Run, *, share: float) -> float | None:
    from core.compute.devices import best_device
    from core.training.forecast.steps import kept
    from core.training.forecast.whole import START, computing_seconds

    try:
        config = run.config
        each = kept(config, best_device(config.device))
        counts = _counts(config)
    except LabError:
        each = counts = None
    if each is None or counts is None:
        return None if run.seconds_left is None else run.seconds_left * share
    train, validation, test = counts
    epochs = computing_seconds(config, each=each, train=train, validation=validation)
    verdict = computing_seconds(config, each=each, train=0, validation=0, test=test)
    done = run.step / run.steps_total if run.steps_total else 0.0
    return (0.0 if run.step else START) + epochs * (1 - done) + verdict


def time_words(config: TrainingConfig) -> str:
    """How long it would take with the machine to itself, images that are not decoded yet as published."""
    cost = cost_of(config)
    if cost is None:
        return ""
    return f"About {about(cost.of(config))} with the machine to itself{start_words(config)}."


def longest_words(configs: Sequence[TrainingConfig]) -> str:
    """Return `time_words` of the one that takes longest, as far as anybody can tell."""
    timed = [(cost.of(config), config) for config in configs if (cost := cost_of(config)) is not None]
    return time_words(max(timed, key=lambda one: one[0])[1]) if timed else ""


def start_words(config: TrainingConfig) -> str:
    """What comes before all that is counted, if anything does."""
    return "" if decoded(config) else ", after the images have been decoded"


def about(seconds: float) -> str:
    """Say no more than is known: to 5 s, then to a minute."""
    return duration(max(5.0, 5 * round(seconds / 5)) if seconds < 120 else 60 * round(seconds / 60))


def queue_words() -> str:
    """Say how many runs are before this one, if any."""
    try:
        ahead = open_store().count(statuses=("queued", "running", "stopping"))
    except LabError as error:
        return plain(str(error))
    if not ahead:
        return "Nobody is in the queue: it starts at once."
    return f"{ahead} {'run is' if ahead == 1 else 'runs are'} before it or at work; students are served in turn."
