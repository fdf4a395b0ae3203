"""Fool it: a few gradient steps within a bound that people hardly see, on the student's own network."""

import streamlit as st

from core.checkpoints import Checkpoint
from core.explain.doubt.fooling import BOUNDS, DRAWS, STEPS, Fooling, fool
from core.explain.drawing.colours import colour_map
from core.judging.certainty import probability_words
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import cached, state
from pages._ui.draw.line_chart import Line, line_chart
from pages._ui.draw.pictures import Picture, as_image, enlarge, show
from pages._ui.frame import look_for, plain, think
from pages._ui.glossary import term
from pages.use._classify.answers import Classified

_ANY = ""
_SIDE = 320  # pixels


def fool_section(checkpoint: Checkpoint, photo: Photo, answer: Classified, given: Received) -> None:
    """Let a target be chosen and the network be fooled; show the changed picture and how far the answer falls."""
    st.markdown(
        "An adversarial example is a picture that was changed on purpose, too little for people to mind, until a "
        "network calls it something else. Here your own network is fooled, with its own gradient: "
        f"{STEPS} times it is asked which way each pixel must go for the answer to fall, and no pixel leaves the "
        "bound.",
        help=term("adversarial example"),
    )
    card = checkpoint.card
    identity = f"{photo.sha256[:12]}_{card.identity[:12]}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.selectbox(
            "Make it say",
            [_ANY, *(label for label, _chance in answer.ranking[1:])],
            format_func=lambda label: label or "Anything else",
            key=f"fool_target_{identity}",
            width=260,
        )
        asked = (card.identity, photo.sha256, given.notes)
        st.button(
            "Fool it",
            icon=":material/psychology_alt:",
            key="fool_go",
            on_click=lambda: st.session_state.update({state.FOOL_ASKED: asked}),
            disabled=st.session_state.get(state.FOOL_ASKED) == asked,
        )
    if st.session_state.get(state.FOOL_ASKED) != asked:
        return
    target = card.classes.index(wanted) if wanted else None
    found = _fooled(card.identity, photo.sha256, given.notes, target, checkpoint, given)
    bound = st.select_slider(
        "How far each pixel may go (grey levels of 255)",
        BOUNDS,
        value=found.turned or BOUNDS[-1],
        key=f"fool_bound_{identity}_{target}",
        width=360,
    )
    place = BOUNDS.index(bound)
    _pictures(checkpoint, photo, found, place)
    st.markdown(plain(in_words(found, place, card.classes)))
    _chart(found, card.classes)
    think(
        "Random changes of the same size do far less. Why?",
        "Random signs cancel out in every weighted sum. Here each pixel goes the way that helps, so thousands of tiny "
        "changes add up. A network that fails so is not safe where somebody wants it to fail.",
    )


def in_words(found: Fooling, place: int, classes: tuple[str, ...]) -> str:
    """Return how far the answer falls within the bound at ``place``, and what random changes of that size do."""
    before, after = (float(row[found.start]) for row in (found.before, found.after[place]))
    name, now = classes[found.start], found.answer(place)
    levels = f"{BOUNDS[place]} grey {'level' if BOUNDS[place] == 1 else 'levels'}"
    moved = "falls" if after < before else "goes"
    said = f"Within {levels} {name} {moved} from {probability_words(before)} to {probability_words(after)}"
    if now == found.start:
        said += ", and is the answer still."
    else:
        said += f", and the answer is {classes[now]} ({probability_words(float(found.after[place][now]))})."
    if found.target is not None and now != found.target:
        wished = classes[found.target]
        said += f" {wished} comes to {probability_words(float(found.after[place][found.target]))} only."
    return f"{said} Random changes of the same size leave {name} at {probability_words(float(found.noise[place]))}."


def _pictures(checkpoint: Checkpoint, photo: Photo, found: Fooling, place: int) -> None:
    classes, bound, now = checkpoint.card.classes, BOUNDS[place], found.answer(place)
    change = found.difference(place).float().mean(0)
    before = f"{classes[found.start]} {probability_words(float(found.before[found.start]))}"
    after = f"{classes[now]} {probability_words(float(found.after[place][now]))}"
    rows: list[tuple[str, Picture, str]] = [
        (f"**Before:** {plain(before)}", found.original.numpy(), f"{photo.name} before: {before}"),
        (
            f"**What is added**, orange +{bound}, blue −{bound}",
            colour_map(change, signed=True, limit=float(bound)),
            f"What is added, at most {bound} of 255 a pixel",
        ),
        (f"**After:** {plain(after)}", found.changed[place].numpy(), f"{photo.name} after: {after}"),
    ]
    with st.grid(3, min_column_width=230) as grid:
        for title, picture, alt in rows:
            with grid.cell():
                st.markdown(title)
                show(enlarge(as_image(picture), _SIDE), at_least=_SIDE, alt=alt)
    look_for("Can you tell the two apart? The middle picture is what lies between them, made strong enough to be seen.")


def _chart(found: Fooling, classes: tuple[str, ...]) -> None:
    name, x = classes[found.start], [0, *BOUNDS]
    before = float(found.before[found.start])
    lines = [
        Line(name=f"{name}, gradient", x=x, y=[before, *found.after[:, found.start].tolist()], dots=True),
        Line(name=f"{name}, random", x=x, y=[before, *found.noise.tolist()], colour=2, dots=True, dash=True),
    ]
    if found.target is not None:
        y = [float(found.before[found.target]), *found.after[:, found.target].tolist()]
        lines.append(Line(name=f"{classes[found.target]}, gradient", x=x, y=y, colour=1, dots=True))
    line_chart(
        lines,
        key="fool_chart",
        title="Probability",
        alt=f"The probability of {name} by how far each pixel may go: by the gradient, and by {DRAWS} random changes.",
        x_label="How far each pixel may go (grey levels of 255)",
        x_name="level",
        y_kind="percent",
        y_range=(0.0, 1.0),
        height=240,
    )


@st.cache_resource(max_entries=64, show_spinner="The network is asked which way each pixel must go …")  # up to 0.6 MB
def _fooled(
    identity: str,
    photo_sha256: str,
    notes: tuple[str, ...],
    target: int | None,
    _checkpoint: Checkpoint,
    _given: Received,
) -> Fooling:
    mirrored = bool(_checkpoint.card.config.mirror_at_test)
    return fool(cached.model(_checkpoint), _given.batch, _checkpoint.format, target=target, mirrored=mirrored)
