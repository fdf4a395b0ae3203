"""The sections that show one network: its figures, its diagram and its table."""

from collections.abc import Sequence

import streamlit as st

from core.intervals import percent
from core.models import LayerRow
from pages._ui.frame import ON_PAPER, ON_SCREEN, facts, look_for
from pages._ui.glossary import term
from pages.learn._architecture.chosen import Drawn
from pages.learn._architecture.diagram import architecture_diagram, what_is_drawn


def figures_section(drawn: Drawn) -> None:
    """Show the totals."""
    rows = drawn.rows
    parameters = sum(row.parameters for row in rows)
    trainable = sum(row.trainable for row in rows)
    work = sum(row.multiply_adds for row in rows)
    maps = [row for row in rows if len(row.output_shape) == 3]
    field = maps[-1].receptive_field if maps else None
    facts(
        [
            ("Parameters", f"{parameters:,}", term("parameters")),
            ("Trainable", f"{trainable:,}", f"{term('parameters')} {term('frozen')}"),
            ("Multiply-adds", short_count(work), f"For one image. {term('multiply-adds')}"),
            ("Receptive field", f"{field} px" if field else "all px", reach(maps, drawn.image_size)),
            ("Weights on disk", _megabytes(4 * parameters), "Four bytes a parameter (float32)."),
        ]
    )


def reach(maps: Sequence[LayerRow], image_size: int) -> str:
    """Return the tooltip of the receptive field of the last of the layers that have maps."""
    if not maps:
        return f"{term('receptive field')} This network has no maps: its first layer sees all pixels."
    side, field = maps[-1].output_shape[-1], maps[-1].receptive_field
    said = f"{term('receptive field')} This is the side of the last map's, where no border cuts it."
    if field is None or field < image_size:
        return said
    if side == 1 or field >= 2 * image_size - 1:
        return f"{said} An image has {image_size}: such a place sees all of it."
    return f"{said} An image has {image_size}: a place in the middle sees about all of it, one at the edge less."


def short_count(count: int) -> str:
    """Return a large number as people say it: "4.27 million"."""
    for size, unit in ((10**9, "billion"), (10**6, "million")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:,}"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{size / 2**10:.0f} KB"


def diagram_section(drawn: Drawn) -> None:
    """Draw the network, and say where its weights and its work are."""
    architecture_diagram(drawn.rows, channels=drawn.channels, image_size=drawn.image_size, key="arch_diagram")
    look_for(f"{what_is_drawn(drawn.rows)} {where_the_weights_are(drawn.rows)}")


def where_the_weights_are(rows: Sequence[LayerRow]) -> str:
    """Return a sentence that names the layer with the most parameters and the one with the most work."""
    parameters, work = sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows)
    heavy, busy = max(rows, key=lambda row: row.parameters), max(rows, key=lambda row: row.multiply_adds)
    if not parameters or not work:
        return ""
    return (
        f"{heavy.name} holds {percent(heavy.parameters / parameters)} of the parameters, "
        f"{busy.name} does {percent(busy.multiply_adds / work)} of the multiply-adds."
    )


def table_section(drawn: Drawn) -> None:
    """Show one row a layer: on the screen a table that sorts and can be taken home, on paper one that wraps."""
    rows = _columns(drawn.rows)
    alt = "Every layer with its output shape, parameters, multiply-adds and receptive field"
    with st.container(key=ON_SCREEN):
        st.dataframe(
            rows,
            hide_index=True,
            alt=alt,
            column_config={
                # in pixels: a table that is there already keeps its columns' widths for another network
                "layer": st.column_config.TextColumn(width=24 + 8 * max(len(row.name) for row in drawn.rows)),
                "kind": st.column_config.TextColumn(width=24 + 8 * max(len(row.kind) for row in drawn.rows)),
                "output": st.column_config.TextColumn(help="Channels × rows × columns, or numbers in a row."),
                "parameters": st.column_config.NumberColumn(format="localized", help=term("parameters")),
                "weights": st.column_config.TextColumn(help=term("frozen")),
                "multiply-adds": st.column_config.NumberColumn(format="localized", help=term("multiply-adds")),
                "sees (px)": st.column_config.TextColumn(help=f"{term('receptive field')} A dense layer sees all."),
            },
        )
    with st.container(key=ON_PAPER):
        st.table(
            {
                name: [f"{each:,}" if isinstance(each, int) else each for each in values]
                for name, values in rows.items()
            },
            hide_index=True,
            alt=alt,
        )


def _columns(rows: Sequence[LayerRow]) -> dict[str, list[str] | list[int]]:
    """Every layer's facts, by the heading of their column."""
    return {
        "layer": [row.name for row in rows],
        "kind": [row.kind for row in rows],
        "what it does": [row.detail for row in rows],
        "output": [" × ".join(map(str, row.output_shape)) for row in rows],
        "parameters": [row.parameters for row in rows],
        "weights": [_state(row) for row in rows],
        "multiply-adds": [row.multiply_adds for row in rows],
        "sees (px)": [f"{row.receptive_field}×{row.receptive_field}" if row.receptive_field else "all" for row in rows],
    }


def _state(row: LayerRow) -> str:
    if not row.parameters:
        return "none"
    if row.trainable == row.parameters:
        return "trainable"
    return f"{row.parameters - row.trainable:,} frozen" if row.trainable else "frozen"
