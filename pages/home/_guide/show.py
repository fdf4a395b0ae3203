"""A page of the guide on the screen."""

from collections.abc import Iterable

import streamlit as st

from pages.home._guide.document import Part, Picture, Table


def show(parts: Iterable[Part]) -> None:
    """Draw the parts of a page, one below the other."""
    for part in parts:
        match part:
            case Picture():
                st.image(part.file, alt=part.alt)
            case Table():
                columns = zip(*part.rows, strict=True)
                st.table(
                    {title or " ": list(cells) for title, cells in zip(part.titles, columns, strict=True)},
                    hide_index=True,
                    hide_header=False,
                    border="horizontal",
                    alt=f"By {part.titles[0]}" if part.titles[0] else "Figures",
                )
            case _:
                st.markdown(part)
