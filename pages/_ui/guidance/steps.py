"""The steps that a lesson can have: where each is done, and what to do there. Plain text, no widgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: its ``page`` (a key of `frame.PAGES`), and the parameters of its address that open the right ``view``.

    ``minutes`` is what it takes somebody who has never seen the page. Each is ticked by the line of its page that calls
    `progress.done` with its name: when ``act`` has happened.
    """

    page: str
    title: str
    task: str
    act: str
    minutes: float
    view: Mapping[str, str] = field(default_factory=dict)


STEPS = {
    "kernel": Step(
        page="convolution",
        title="Make a kernel of your own",
        task="Change two of the nine numbers so that all still add up to 0: flat areas stay black.",
        act="numbers of yours add up to 0",
        minutes=1.5,
        view={"view": "kernel"},
    ),
    "padding": Step(
        page="convolution",
        title="Keep the picture's size",
        task="Raise the padding until the map is as large as the photo: half the kernel.",
        act="padding makes the map as large as the photo",
        minutes=1,
        view={"view": "kernel"},
    ),
    "learn": Step(
        page="convolution",
        title="Let a kernel be learned",
        task="Watch nine zeros become the secret kernel; then raise the learning rate until it diverges, and read why.",
        act="the learning rate was so high that it diverged",
        minutes=2,
        view={"view": "learn"},
    ),
    "puzzle": Step(
        page="convolution",
        title="Solve a kernel puzzle",
        task="Find the kernel that makes the target picture. One level is enough.",
        act="a level is solved",
        minutes=2,
        view={"view": "puzzle"},
    ),
    "maps": Step(
        page="feature-maps",
        title="Look into a deeper layer",
        task="Step to the next layer, then click a map there that follows the outlines.",
        act="you have clicked a map of a deeper layer",
        minutes=1.5,
        view={"look": "maps"},
    ),
    "place": Step(
        page="feature-maps",
        title="Add up one number of a map",
        task="Click a place of the map: what it sees of the photo is framed, and its sum stands below.",
        act="you have clicked a place of a map",
        minutes=1.5,
        view={"look": "place"},
    ),
    "filters": Step(
        page="feature-maps",
        title="Switch filters off",
        task="Click maps to switch their filters off, until the network's answer changes.",
        act="the filters that you switched off have changed the answer",
        minutes=1.5,
        view={"look": "off"},
    ),
    "sizes": Step(
        page="architecture",
        title="Why 16·5·5?",
        task="Set the padding to 2 and read PyTorch's error; then put the right number in.",
        act="PyTorch runs with another number than 400",
        minutes=1.5,
        view={"part": "sizes"},
    ),
    "chain": Step(
        page="augmentation",
        title="Shake the images",
        task="Add a rotation, press Another draw, and read under each picture what was drawn for it.",
        act="you have pressed Another draw with a rotation in the chain",
        minutes=1.5,
        view={"look": "draws"},
    ),
    "train": Step(
        page="training",
        title="Train a network",
        task="Press Train: watch the loss fall and the validation accuracy rise.",
        act="you have pressed Train",
        minutes=2,
    ),
    "compare": Step(
        page="compare",
        title="Judge it fairly",
        task="Put another network beside the two, or in the place of one: is it better, and is that more than chance?",
        act="two networks that you chose were judged on the same images",
        minutes=1,
        view={"only": "cats_vs_dogs"},
    ),
    "classify": Step(
        page="classify",
        title="Use it",
        task="Choose a photo of your own: is the network sure, and is it right?",
        act="a photo that you chose, or a drawing, was answered",
        minutes=1,
    ),
}
TEN_MINUTES = ("kernel", "maps", "sizes", "chain", "train", "compare", "classify")


def minutes(names: Sequence[str]) -> int:
    """Return how many minutes these steps take a newcomer, rounded up."""
    return -int(-sum(STEPS[name].minutes for name in names) // 1)


def told_apart(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which steps the list of an address names, each once and in its order, and what it names that is none."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    return tuple(name for name in names if name in STEPS), tuple(name for name in names if name not in STEPS)


def where(name: str, *, lesson: Sequence[str] = ()) -> dict[str, str]:
    """Return the parameters of the address at which a step stands on its page; with a ``lesson``, that begins it."""
    begins = {"lesson": ",".join(lesson)} if lesson else {}
    return {**begins, "step": name, **STEPS[name].view}
