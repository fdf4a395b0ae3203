"""What each ingredient of the fast network is worth: a chart of what its absence costs, and the reason for each."""

import html

import streamlit as st

from core.explain.ingredients import Ablation, measured
from core.intervals import percent, signed
from pages._ui.draw.palette import categorical
from pages._ui.frame import PAGES, look_for, number, section


def ingredients_section() -> None:
    """Show the measured ablation, where one comes with the lab."""
    ablation = _measured()
    if ablation is None:
        return
    images = f"{ablation.images:,}" if ablation.images else "all"
    section(
        "What is each ingredient worth?",
        f"The fast network learned {images} images of CIFAR-10 for {ablation.epochs} epochs, "
        f"{ablation.seeds} times from different seeds, and then recognised {percent(ablation.whole, 1)} of "
        f"{ablation.n:,} validation images. Then the same once more, each time without one ingredient.",
    )
    _chart(ablation)
    look_for(
        "Left of the line: the network does worse without it. A bar is one standard error each way; with so few seeds, "
        "what lies within about four of them from the line may be chance. Shifts and erasing make images harder: in so "
        f"short a training, which does not over-fit yet, that has a cost and no use. Measured on {ablation.date}."
    )
    st.table(
        {
            "trained": [_title(row.title) for row in ablation.ingredients],
            "change (points)": [_points(row.difference, row.error) for row in ablation.ingredients],
            "why the ingredient is there": [row.reason for row in ablation.ingredients],
        },
        hide_index=True,
    )
    st.caption(
        f"To leave one out yourself: CIFAR-10, the Fast CNN, the recipe modern, {images} training images and "
        f"{ablation.epochs} epochs; then once more without it, for instance with the identity start switched off."
    )
    st.page_link(
        PAGES["training"],
        label="To the Training page",
        icon=":material/model_training:",
        query_params={"data": "cifar10", "network": "fast_cnn", "recipe": "modern"},
    )


@st.cache_data(max_entries=1, show_spinner=False)
def _measured() -> Ablation | None:
    return measured()


def _title(title: str) -> str:
    """Return a row's title as a table shows it: with a capital."""
    return title[:1].upper() + title[1:]


def _points(difference: float, error: float | None) -> str:
    spread = "" if error is None else f" ± {number(100 * error, 1)}"
    return f"{signed(100 * difference, digits=1)}{spread}"


def _chart(ablation: Ablation) -> None:
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, row in enumerate(ablation.ingredients):
        error = 100 * (row.error or 0.0)
        figure.add_scatter(
            x=[100 * row.difference],
            y=[place],
            error_x={"array": [error], "thickness": 2.5},
            mode="markers",
            marker={"color": categorical()[0], "size": 11},
            hovertemplate=f"{_points(row.difference, row.error)} points<extra></extra>",
        )
        # The name stands above its bar: beside it, a long one leaves no room on a phone.
        figure.add_annotation(
            text=html.escape(row.title), x=0, xref="paper", y=place, yshift=15, xanchor="left", showarrow=False
        )
    count = len(ablation.ingredients)
    figure.update_layout(
        showlegend=False,
        height=60 + 46 * count,
        margin={"l": 8, "r": 8, "t": 8, "b": 40},
        xaxis={"title": "change in validation accuracy, points", "zeroline": True, "zerolinewidth": 2},
        yaxis={"range": [count - 0.6, -0.8], "showticklabels": False, "dtick": 1, "zeroline": False},
    )
    words = "; ".join(f"{row.title} {_points(row.difference, row.error)}" for row in ablation.ingredients)
    st.plotly_chart(figure, key="ingredients", config={"displayModeBar": False}, alt=f"Change in points: {words}")
