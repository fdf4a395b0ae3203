"""Why 16·5·5? The size of the first dense layer by arithmetic, by PyTorch's own error, and by a dummy tensor."""

import streamlit as st

from core.errors import ConfigError, LabError
from core.explain.sizes.linear_size import LinearSize, dummy_trace, explain, follow, try_in_features
from core.models import build_model
from pages._ui.frame import look_for, plain, problem
from pages._ui.glossary import term

_NUMBER = "why_in_features"


def why_section() -> None:
    """Follow the sizes through a LeNet-style network, and let a wrong ``in_features`` be tried."""
    st.markdown(
        "LeNet's first dense layer is written `nn.Linear(16 * 5 * 5, 120)`. Where do the two fives come from? "
        "Change something and follow the size from line to line."
    )
    size, kernel, padding, pool = _settings()
    try:
        work = follow(image_size=size, kernel=kernel, padding=padding, pool=pool)
    except LabError as error:
        problem(error)
        return
    _steps(work, kernel, padding, pool)
    st.session_state.setdefault(_NUMBER, 400)
    wanted = st.number_input(
        "nn.Linear( … , 120): in_features",
        step=1,
        key=_NUMBER,
        help="How many numbers the dense layer waits for. Try a wrong one.",
        persist_state="session",
    )
    try:
        said = try_in_features(int(wanted), image_size=size, kernel=kernel, padding=padding, pool=pool)
    except ConfigError as error:
        problem(error)
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**What PyTorch says**")
        if said is None:
            st.success("It runs: no error.", icon=":material/check_circle:")
        else:
            st.code(f"RuntimeError: {said}", language=None, wrap_lines=True)
    with right:
        st.markdown("**What that means**")
        st.markdown(plain(explain(int(wanted), work)))
        if said is not None:
            st.button(f"Put {work.in_features:,} in", on_click=_put, args=(work.in_features,), icon=":material/build:")


def _put(number: int) -> None:
    st.session_state[_NUMBER] = number


def _settings() -> tuple[int, int, int, int]:
    with st.grid(4, min_column_width=150):
        size = st.slider(
            "Image (px)", 12, 64, 32, key="why_size", help="Side of the input image.", persist_state="session"
        )
        kernel = st.slider("Kernel (px)", 1, 7, 5, key="why_kernel", help=term("kernel"), persist_state="session")
        padding = st.slider("Padding (px)", 0, 3, 0, key="why_padding", help=term("padding"), persist_state="session")
        pool = st.slider("Pool (px)", 1, 4, 2, key="why_pool", help=term("pooling"), persist_state="session")
    return int(size), int(kernel), int(padding), int(pool)


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
        "Image size (px)", [16, 20, 24, 28, 32, 40, 48, 64], value=28, key="dummy_size",
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


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{side:,}" for side in shape)
