"""How a run is told in words: its state, its place, its times. Pure text, no widgets."""

from core.config import TrainingConfig
from core.data.catalogue import datasets
from core.intervals import percent, percent_span
from core.judging.curve.chance_level import no_better_than_guessing
from core.models import models
from core.names import counted
from core.runs.records import Run, Status

# Word, colour of its badge, symbol, and what it means.
STATES: dict[Status, tuple[str, str, str, str]] = {
    "queued": ("waiting", "gray", "hourglass_empty", "It waits for its turn."),
    "running": ("running", "blue", "play_arrow", "It is training now."),
    "stopping": ("stopping", "orange", "pause", "It saves its state after the present step, then stops."),
    "stopped": ("stopped", "orange", "stop_circle", "Resume goes on from where it was."),
    "finished": ("finished", "green", "check_circle", "It trained to the end."),
    "diverged": ("diverged", "red", "trending_up", "The loss was no longer a number. Lower the learning rate."),
    "failed": ("failed", "red", "error", "An error ended it; the last lines it wrote are below."),
    "interrupted": (
        "interrupted",
        "violet",
        "power_off",
        "Its process was lost; it goes on from its last saved state.",
    ),
}


def badge(run: Run) -> str:
    """Return the run's state as a Markdown badge; green only where it has learned something."""
    _word, colour, icon, _meaning = STATES[run.status]
    if only_guesses(run):
        colour, icon = "orange", "troubleshoot"
    return f":{colour}-badge[:material/{icon}: {state_word(run)}]"


def state_word(run: Run) -> str:
    """Return the run's state in a word or three."""
    word = STATES[run.status][0]
    return f"{word}, only guesses" if only_guesses(run) else word


def only_guesses(run: Run) -> bool:
    """Whether a finished run's network does no better than guessing on the validation images."""
    return guesses(run.config, run.status, run.best_validation)


def guesses(config: TrainingConfig, status: Status, best_validation: float | None) -> bool:
    """Return `only_guesses` for a run of which no more is at hand."""
    if status != "finished" or best_validation is None or config.dataset not in datasets:
        return False
    return no_better_than_guessing(config, [best_validation], finished=True) is not None


def meaning(run: Run) -> str:
    """Return a sentence about the run's state: its own message, or what the state means."""
    if run.status == "finished" and run.reason == "early_stopped":
        return (
            f"It stopped early after epoch {run.epochs_done}: no epoch of the last {run.config.patience} had a better "
            "validation accuracy than the best one before."
        )
    if run.message:
        return run.message
    return STATES[run.status][3]


def what(run: Run) -> str:
    """Return what is trained on what: "Digits (built in) · LeNet-style CNN · modern recipe · seed 0"."""
    config = run.config
    data = datasets.title_of(config.dataset)
    network = models.title_of(config.model)
    parts = [data, network, f"{config.recipe.replace('_', ' ')} recipe", f"seed {config.seed}"]
    if config.limit is not None:
        parts.append(f"{config.limit:,} training images")
    return " · ".join(parts)


def place(position: int) -> str:
    """Return 1 as "next", 2 as "2nd", 3 as "3rd"."""
    if position == 1:
        return "next"
    ending = "th" if position % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"{position}{ending}"


def turns(run: Run) -> str:
    """Return how often a run that shares the machine has its turn; empty where it has the machine to itself."""
    if run.turn_every is None:
        return ""
    others = counted(run.others, "other")
    return f"a turn every {run.turn_every:.1f} s, with {others} training"


def duration(seconds: float | None) -> str:
    """Return a number of seconds as people say it: "8 s", "2 min 5 s", "1 h 3 min"."""
    if seconds is None or seconds != seconds or seconds < 0:
        return "not known yet"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def saved(run: Run) -> str | None:
    """Return what keeping a frozen backbone's features saved or will save, from the seconds measured.

    None where nothing was kept, and where looking has cost more than it saved.
    """
    cost, epochs = run.features, run.epochs_done
    if cost is None:
        return None
    if cost.spent_seconds and epochs <= cost.views:
        looks = "one version of each image" if cost.views == 1 else f"{cost.views} versions of each training image"
        if cost.views >= run.config.epochs:
            return (
                f"The frozen backbone saw {looks}, one for each epoch; keeping what it said pays in longer trainings."
            )
        each = duration(cost.epoch_seconds) if cost.epoch_seconds >= 1 else "less than a second"
        further = "further epoch" if cost.views == 1 else f"epoch after the first {cost.views}"
        return f"The frozen backbone saw {looks}; every {further} saves {each}."
    seconds = cost.saved_seconds(epochs)
    if seconds <= 0:
        return None
    if not cost.spent_seconds:
        how = (
            f"The frozen backbone had seen these images in an earlier run, and not again in {counted(epochs, 'epoch')}"
        )
    elif cost.views == 1:
        how = f"The frozen backbone saw each image once instead of {epochs} times"
    else:
        how = f"The frozen backbone saw {cost.views} versions of each training image instead of {epochs}"
    return f"{how}: {f'about {duration(seconds)}' if seconds >= 1 else 'less than a second'} saved."


def from_start_to_end(run: Run) -> str | None:
    """Return why a run that has ended took longer, or less long, than its training time; None where it did not."""
    whole, computed = run.seconds_at_work, run.training_seconds
    if whole is None or computed is None or run.live or duration(whole) == duration(computed):
        return None
    if whole > computed:
        return f"{duration(whole)} from start to end, with loading, saving, the last judging and the turns of others."
    if run.features is None:  # its clock was set back
        return None
    return (
        f"{duration(whole)} from start to end: its backbone's look at the images, "
        f"{duration(run.features.look_seconds)}, was made in an earlier run and counts as training time."
    )


def accuracy_with_interval(accuracy: float, interval: tuple[float, float], n: int) -> str:
    """Return "97.3 % (96.9 to 97.6, n = 10,000)"; the interval holds at 95 %."""
    return f"{percent(accuracy, 1)} ({percent_span(*interval, 1).removesuffix(' %')}, n = {n:,})"
