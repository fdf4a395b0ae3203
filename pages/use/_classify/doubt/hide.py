"""Hide a part: a square is moved over what the network receives, and the network's answer at each place is shown."""

import base64

import streamlit as st

from core.checkpoints import Checkpoint
from core.explain.doubt.hiding import FILLINGS, Filling, Hidden, filling_value, hide, sides, until_none_turns
from core.explain.drawing.colours import colour_map
from core.intervals import percent
from core.judging.certainty import probability_words
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from pages._ui import cached, state
from pages._ui.component import beside
from pages._ui.draw.pictures import as_image, jpeg, png
from pages._ui.frame import choice, number, plain, think, try_this
from pages._ui.glossary import term

_view = st.components.v2.component("cnn_lab_hide_a_part", **beside(__file__))

_SMALL = 64  # pixels a side: a PNG of so few takes less than a JPEG
_FILLED = {"mean": "Neutral", "black": "Black", "white": "White"}


def hide_section(checkpoint: Checkpoint, photo: Photo, given: Received) -> None:
    """Let a square be moved over the picture; name the smallest one that turns the answer."""
    st.markdown(
        "Hide a part of the picture and ask again: where the answer falls, the network had been looking. Nothing "
        "inside the network is looked at, so this can confirm a heat map, or contradict it.",
        help=term("occlusion"),
    )
    filling = st.segmented_control(
        "Hidden by",
        FILLINGS,
        format_func=lambda filling: choice(_FILLED[filling]),
        default=FILLINGS[0],
        required=True,
        key="hide_filling",
        help="The square is itself something to see. The neutral colour, which becomes 0 in normalisation, for most "
        "networks the mean of their training images, tells least; try whether another one gives the same places.",
        persist_state="session",
    )
    asked = (checkpoint.card.identity, photo.sha256, given.notes)
    st.button(
        "Try every place",
        icon=":material/grid_view:",
        key="hide_go",
        on_click=lambda: st.session_state.update({state.HIDE_ASKED: asked}),
        disabled=st.session_state.get(state.HIDE_ASKED) == asked,
        help="A square of half the picture's side at 49 places that overlap, then smaller ones while they turn the "
        "answer.",
    )
    if st.session_state.get(state.HIDE_ASKED) != asked:
        return
    size = checkpoint.format.size
    with st.spinner("The square hides every place in turn …"):
        tried = until_none_turns(_hidden(*asked, side, filling, checkpoint, given) for side in sides(size))
    turning = [one for one in tried if one.turned.any()]
    side = st.select_slider(
        "Side of the square (pixels)",
        sides(size)[::-1],
        value=(turning or tried)[-1].side,
        key=f"hide_side_{photo.sha256[:12]}_{checkpoint.card.identity[:12]}_{filling}",
        width=360,
    )
    _square(checkpoint, photo, given, _hidden(*asked, side, filling, checkpoint, given), filling)
    st.markdown(plain(verdict(tried, checkpoint.card.classes, size)))
    try_this("Move the square over what you recognise the thing by. Then over the background.")
    think(
        "Hiding a small square changes nothing, wherever it is. Does the network not look?",
        "It may know the thing by several parts and need any one of them. A larger square hides all of them at once.",
    )


def verdict(tried: list[Hidden], classes: tuple[str, ...], size: int) -> str:
    """Return which is the smallest square of those tried, the largest first, that turns the answer, and into what."""
    answer, last = classes[tried[0].start], tried[-1]
    turning = [one for one in tried if one.turned.any()]
    if not turning:
        return f"No square of {last.side}×{last.side} of the {size}×{size} pixels turns the answer: {answer} it stays."
    smallest = turning[-1]
    side, starts, (row, column) = smallest.side, smallest.starts, _clearest(smallest)
    into = classes[int(smallest.after[row, column].argmax())]
    smaller = "Smaller ones were not tried." if last is smallest else f"None of {last.side}×{last.side} does."
    return (
        f"The smallest square that turns the answer has {side}×{side} pixels, {percent(side**2 / size**2, 1)} of the "
        f"picture: {answer} becomes {into} where rows {starts[row]} to {starts[row] + side - 1} and columns "
        f"{starts[column]} to {starts[column] + side - 1} are hidden. {smaller}"
    )


def _clearest(hidden: Hidden) -> tuple[int, int]:
    """Return the place, of those at which the answer turns, where it falls most."""
    row, column = divmod(int(hidden.falls.where(hidden.turned, -1).argmax()), len(hidden.starts))
    return row, column


@st.cache_resource(max_entries=256, show_spinner=False)
def _hidden(
    identity: str,
    photo_sha256: str,
    notes: tuple[str, ...],
    side: int,
    filling: Filling,
    _checkpoint: Checkpoint,
    _given: Received,
) -> Hidden:
    mirrored = bool(_checkpoint.card.config.mirror_at_test)
    model = cached.model(_checkpoint)
    return hide(model, _given.batch, _checkpoint.format, side=side, filling=filling, mirrored=mirrored)


def _square(checkpoint: Checkpoint, photo: Photo, given: Received, hidden: Hidden, filling: Filling) -> None:
    classes, size = checkpoint.card.classes, checkpoint.format.size
    seen = as_image(denormalise(given.batch, checkpoint.format)[0].numpy())
    colour = (filling_value(filling, checkpoint.format) * 255).round().int().tolist()
    answer = classes[hidden.start]
    most = max(float(hidden.falls.abs().max()), 0.01)
    falls = colour_map(hidden.falls, signed=True, limit=most)
    _view(
        key="hide_square",
        data={
            "of": f"{photo.sha256} {checkpoint.card.identity} {hidden.side} {filling}",
            "photo": _source(png(seen) if size <= _SMALL else jpeg(seen)),
            "photoTitle": f"What the network receives, {size}×{size} pixels. Move the square.",
            "photoAlt": f"The picture with a square of {hidden.side} pixels hidden. Move it by pointer or with the "
            "arrow keys; Home, End, Page Up and Page Down lead to the edges.",
            "falls": _source(png(as_image(falls))),
            "fallsTitle": f"Every place: orange where {answer} falls, blue where it rises; full colour "
            f"stands for {number(100 * most, 1)} points of 100.",
            "image": size,
            "side": hidden.side,
            "starts": list(hidden.starts),
            "worst": list(hidden.worst),
            "colour": f"rgb({', '.join(map(str, colour * (3 // len(colour))))})",
            "answer": answer,
            "before": probability_words(float(hidden.before[hidden.start])),
            "shares": [probability_words(one) for one in hidden.after[..., hidden.start].flatten().tolist()],
            "answers": [classes[one] for one in hidden.after.argmax(-1).flatten().tolist()],
        },
    )


def _source(picture: bytes) -> str:
    kind = "jpeg" if picture.startswith(b"\xff\xd8") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
