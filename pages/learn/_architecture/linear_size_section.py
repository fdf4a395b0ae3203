"""Why 16·5·5? The size of the first dense layer by arithmetic, by PyTorch's own error, and by a dummy tensor."""

import streamlit as st

from core.errors import ConfigError, LabError
from core.explain.sizes.linear_size import MAX_IN_FEATURES, LinearSize, dummy_trace, explain, follow, try_in_features
from core.models import build_model
from core.registry import Setting
from pages._ui.choose.whole_fields import whole_field, whole_value
from pages._ui.frame import look_for, plain, problem, think, try_this
from pages._ui.glossary import term
from pages._ui.guidance import progress

NUMBER = "why_in_features"
IN_FEATURES = Setting(
    name="in_features",
    title="nn.Linear( … , 120): in_features",
    default=400,
    low=1,
    high=MAX_IN_FEATURES,
    help="How many numbers the dense layer waits for. Try a wrong one.",
)
SLIDERS = {"image": (12, 64, 32), "kernel": (1, 7, 5), "padding": (0, 3, 0), "pool": (1, 4, 2)}
"""Lowest, highest and first value of each slider, in pixels."""
DUMMY_SIZES = (16, 20, 24, 28, 32, 40, 48, 56, 64)


def why_section() -> None:
    """Follow the sizes through a LeNet-style network, and let a wrong ``in_features`` be tried."""
    st.markdown("LeNet's first dense layer is written `nn.Linear(16 * 5 * 5, 120)`. Where do the two fives come from?")
    size, kernel, padding, pool = _settings()
    try:
        work = follow(image_size=size, kernel=kernel, padding=padding, pool=pool)
    except LabError as error:
        problem(error)
        return
    _steps(work, kernel, padding, pool)
    whole_field(IN_FEATURES, key=NUMBER, width="stretch")
    try:
        wanted = whole_value(IN_FEATURES, key=NUMBER)
        said = try_in_features(wanted, image_size=size, kernel=kernel, padding=padding, pool=pool)
    except ConfigError as error:
        problem(error)
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**What PyTorch says**")
        if said is None:
            if work.in_features != 400:
                progress.done("sizes")
            st.success("It runs: no error.", icon=":material/check_circle:")
        else:
            st.code(f"RuntimeError: {said}", language=None, wrap_lines=True)
    with right:
        st.markdown("**What that means**")
        st.markdown(plain(explain(wanted, work)))
        if said is not None:
            st.button(f"Put {work.in_features} in", on_click=_put, args=(work.in_features,), icon=":material/build:")
    try_this("Find an image that is too small for a kernel of 7.")
    think(
        "Why does a convolution not have to know the size of the image, and a dense layer has to?",
        "A kernel is slid over however many places there are, with the same weights. A dense layer has a weight of its "
        "own for every number that comes in, so their count is part of the network.",
    )


def _put(number: int) -> None:
    st.session_state[NUMBER] = str(number)


def _settings() -> tuple[int, ...]:
    """Show the sliders and return their values: image, kernel, padding, pool."""
    tips = {"image": "Side of the input image.", "pool": term("pooling")}
    values = []
    with st.grid(4, min_column_width=150):
        for name, (low, high, first) in SLIDERS.items():
            label, tip = f"{name.capitalize()} (px)", tips.get(name) or term(name)
            values.append(st.slider(label, low, high, first, key=f"why_{name}", help=tip, persist_state="session"))
    return tuple(map(int, values))


def _steps(work: LinearSize, kernel: int, padding: int, pool: int) -> None:
    st.table(
        {
            "layer": [line.layer for line in work.lines] + ["flatten"],
            "the side in numbers": [line.text for line in work.lines] + [work.text],
            "what comes out": [f"{line.channels} × {line.size} × {line.size}" for line in work.lines]
            + [f"{work.in_features:,} numbers"],
        },
        alt="The size of the maps after each layer",
        hide_index=True,
    )
    look_for(what_changes(kernel, padding, pool))


def what_changes(kernel: int, padding: int, pool: int) -> str:
    """Return what each convolution and each pool does to the side, with these numbers."""
    loss = kernel - 1 - 2 * padding
    rule = f"kernel − 1 − 2·padding = {kernel} − 1 − 2·{padding} = {loss}" if padding else f"kernel − 1 = {loss}"
    if loss > 0:
        convolution = f"Each convolution takes {rule} off the side"
    elif loss < 0:
        convolution = (
            f"Each convolution adds 2·padding − (kernel − 1) = 2·{padding} − {kernel - 1} = {-loss} to the side"
        )
    else:
        convolution = "The convolutions leave the side as it is"
    pooled = f"each pool divides it by {pool} and rounds down" if pool > 1 else "a pool of 1 leaves it as it is"
    return f"{convolution}; {pooled}. The last line multiplies."


def dummy_section() -> None:
    """Send a dummy tensor through the Enhanced CNN at an image size of the student's choice, and list its shapes."""
    st.markdown(
        "Nobody has to work that number out. Send one image of zeros through the convolutions, count what comes out, "
        "and build the dense layer with it. `torch.no_grad()` because nothing is learned from it."
    )
    size = st.select_slider(
        "Image size (px)", list(DUMMY_SIZES), value=28, key="dummy_size",
        help="Side of the images that the Enhanced CNN is built for.", persist_state="session",
    )  # fmt: skip
    model = build_model("enhanced_cnn", channels=3, image_size=int(size), classes=10, arguments={})
    trace = dummy_trace(model, channels=3, image_size=int(size))
    st.table(
        {
            "layer": [f"{row.layer} ({row.kind})" if row.kind != row.layer else row.kind for row in trace.rows],
            "in": [_shape(row.before) for row in trace.rows],
            "out": [_shape(row.after) for row in trace.rows],
            "why": [row.text for row in trace.rows],
        },
        alt="The dummy tensor's shape before and after each layer",
        hide_index=True,
    )
    st.markdown(f"At {size} px, `in_features` is **{trace.in_features:,}** = {plain(trace.text.split(' = ')[0])}.")
    st.code(trace.code, language="python")
    look_for("Another image size changes the shapes in the table; in the code, the dummy's size and what it counts.")
    try_this("Double the image size: how many times as many numbers come out, and why?")
    think(
        "What would happen to BatchNorm if the dummy were sent through in training mode?",
        "Its running mean and variance would take a step towards an image of nothing but zeros, `no_grad` or not. "
        "So the dummy goes through in evaluation mode.",
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{side:,}" for side in shape)
