"""What a run saw: the batches of a finished training, made again from its seed, as its network was fed them."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.checkpoints import Checkpoint
from core.data import LabelledImages
from core.errors import ConfigError, LabError
from core.recipes.words import chain_words
from core.registry import Setting
from core.training.replay import Fed, Replay
from pages._ui import address
from pages._ui.choose.checkpoints import choose_checkpoint
from pages._ui.choose.test_images import link_where_missing, test_images_or_offer
from pages._ui.choose.whole_fields import turned_field, whole_value
from pages._ui.draw import pictures
from pages._ui.draw.pictures import Pixels
from pages._ui.frame import empty_state, look_for, plain, problem, think, try_this
from pages._ui.glossary import term
from pages.learn._augmentation.keys import SEEN_BATCH

EPOCHS = "seen_epochs"  # in the address
SHOWN = 8  # images of a batch
MOST_EPOCHS = 3  # that are shown one below the other
FOLLOWED = 9  # epochs through which one image is followed
_EPOCHS = "seen_epochs_chosen"


def seen_section() -> None:
    """Let a training be chosen, and show the first images of batches of some of its epochs."""
    st.markdown(
        "Which images came in which batch, and how each was changed, follows from the run's seed. So the very batches "
        "can be made again, number for number.",
        help=term("batch size"),
    )
    checkpoint = choose_checkpoint(
        label="Finished training", prefer=lambda card: card.dataset == "digits", forget=(EPOCHS,)
    )
    if checkpoint is None:
        return
    replay = _replay_or_say_why(checkpoint)
    if replay is not None:
        _show(checkpoint, replay)
    try_this("Choose the first epoch and the last: do the same images come first? Then follow one image below.")
    think(
        "Why is the order another one in every epoch?",
        "If the same images always came together, their gradients would always pull together as well, and the network "
        "could learn the order. Shuffled batches make each step a fresh sample of all images.",
    )


def _replay_or_say_why(checkpoint: Checkpoint) -> Replay | None:
    found = test_images_or_offer(checkpoint, key="seen")
    if isinstance(found, str):
        empty_state(f"{plain(found)} Its batches cannot be made again without its images.")
        link_where_missing(checkpoint)
        return None
    try:
        return _replay(checkpoint.card.sha256, checkpoint, found.data)
    except LabError as error:
        problem(error)
        return None


@st.cache_resource(max_entries=4, show_spinner=False)
def _replay(sha256: str, _checkpoint: Checkpoint, _data: LabelledImages) -> Replay:
    return Replay(_checkpoint, _data)


def _show(checkpoint: Checkpoint, replay: Replay) -> None:
    config = checkpoint.card.config
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = _choose_epochs(replay)
        batches = Setting(name="batch", title=f"Batch (of {replay.steps:,})", default=1, low=1, high=replay.steps)
        turned_field(batches, key=SEEN_BATCH)
    try:
        number = whole_value(batches, key=SEEN_BATCH)
    except ConfigError as error:
        problem(error)
        return
    st.caption(
        f"Trained with: {plain(chain_words(config.augmentation))} Seed {config.seed}, {config.batch_size:,} images a "
        f"batch. {_how_sure(replay)}"
    )
    fed = {epoch: _batch(checkpoint.card.sha256, epoch - 1, number - 1, replay) for epoch in epochs}
    for epoch, batch in fed.items():
        _sheets(epoch, number, batch, replay)
    look_for(
        "First the images as they were augmented, then the same after normalisation, cut to what a screen can show, "
        "0 to 1."
    )
    _what_was_done(fed, checkpoint)
    if fed:
        _follow_one(checkpoint, replay, int(next(iter(fed.values())).indices[0]))


def _choose_epochs(replay: Replay) -> list[int]:
    text = address.read(EPOCHS)
    first = sorted({1, min(2, replay.epochs), replay.epochs})
    chosen = numbers_of(text, replay.epochs) if text else first
    if chosen is None:
        if address.brings(EPOCHS):
            st.warning(
                f"The address names epochs that this training has not: they count from 1 to {replay.epochs:,}.",
                icon=":material/link_off:",
            )
        chosen = first
    st.session_state[_EPOCHS] = chosen
    return list(
        st.multiselect(
            "Epochs",
            range(1, replay.epochs + 1),
            key=_EPOCHS,
            max_selections=MOST_EPOCHS,
            on_change=lambda: address.write(EPOCHS, ",".join(map(str, st.session_state[_EPOCHS])) or None),
            help=term("epoch"),
        )
    )


def numbers_of(text: str, most: int) -> list[int] | None:
    """Return the epochs of "1,2,8", at most `MOST_EPOCHS` from 1 to ``most``; None where something else is written."""
    parts = text.split(",")
    if len(parts) > MOST_EPOCHS or not all(part.isascii() and part.isdecimal() and len(part) < 5 for part in parts):
        return None
    numbers = list(dict.fromkeys(int(part) for part in parts))
    return numbers if all(1 <= one <= most for one in numbers) else None


@st.cache_resource(max_entries=32, show_spinner=False)  # 8 images of up to 600 KB each, in three forms
def _batch(sha256: str, epoch: int, number: int, _replay: Replay) -> Fed:
    return _replay.batch(epoch, number, most=SHOWN)


def _sheets(epoch: int, number: int, fed: Fed, replay: Replay) -> None:
    size = replay.config.batch_size
    view = f" The frozen backbone saw view {(epoch - 1) % replay.views + 1} of each." if replay.looked_once else ""
    st.markdown(
        f"**Epoch {epoch:,}, batch {number:,}**: the first {len(fed.indices)} of {size:,} images.{view}",
    )
    left, right = st.columns(2)
    with left:
        _sheet([one.numpy() for one in fed.augmented], f"Epoch {epoch}, batch {number}, augmented")
    with right:
        _sheet([one.numpy() for one in fed.given], f"Epoch {epoch}, batch {number}, after normalisation")


def _sheet(images: Sequence[Pixels], alt: str, *, columns: int = 4) -> None:
    sheet = pictures.contact_sheet(images, columns=columns, tile=64, gap=4)
    pictures.show(pictures.jpeg(sheet), alt=alt)


def _how_sure(replay: Replay) -> str:
    if replay.looked_once:
        versions = "once" if replay.views == 1 else f"in {replay.views} versions"
        said = f"Its backbone is frozen: it saw every image {versions}, and batches are made of what it said."
        return f"{said} {replay.doubt}"
    return f"These are the tensors that the training fed its network. {replay.doubt}"


def _what_was_done(fed: dict[int, Fed], checkpoint: Checkpoint) -> None:
    fold = st.expander(
        "What was done to each image", icon=":material/table_chart:", key="seen_table", on_change="rerun"
    )
    if not fold.open:
        return
    rows = [
        {
            "epoch": epoch,
            "place": place + 1,
            "image": int(batch.indices[place]),
            "label": checkpoint.card.classes[int(batch.labels[place])],
            "what was done": batch.words(place),
        }
        for epoch, batch in fed.items()
        for place in range(len(batch.indices))
    ]
    with fold:
        st.dataframe(rows, hide_index=True, alt="What was done to each image of these batches")


def _follow_one(checkpoint: Checkpoint, replay: Replay, index: int) -> None:
    """Show one training image as each of the first epochs was fed it."""
    label = checkpoint.card.classes[int(replay.data.labels[index])]
    epochs = range(min(FOLLOWED, replay.epochs))
    seen = _followed(checkpoint.card.sha256, index, len(epochs), replay)
    there = [(epoch + 1, one) for epoch, one in zip(epochs, seen, strict=True) if one is not None]
    left_over = [epoch + 1 for epoch, one in zip(epochs, seen, strict=True) if one is None]
    if not there:
        return
    stored = there[0][1].stored[0].numpy()
    _sheet(
        [stored, *(one.augmented[0].numpy() for _epoch, one in there)],
        f"Training image {index}, {label}, as it is stored, and in {len(there)} epochs",
        columns=5,
    )
    said = f"One image, {label}, number {index:,}: as it is stored, then as epochs "
    said += f"{', '.join(str(epoch) for epoch, _one in there)} were fed it."
    if left_over:
        said += f" In epoch {', '.join(map(str, left_over))} it was among those too few for another batch."
    alike = all(np.array_equal(one.augmented.numpy(), there[0][1].augmented.numpy()) for _epoch, one in there)
    if alike and len(there) > 1:
        said += (
            f" It was the same every time{'' if checkpoint.card.config.augmentation else ': nothing was augmented'}."
        )
    look_for(plain(said))


@st.cache_resource(max_entries=16, show_spinner="The batches are made again …")
def _followed(sha256: str, index: int, epochs: int, _replay: Replay) -> list[Fed | None]:
    return [_replay.one(index, epoch) for epoch in range(epochs)]
