"""Choosing a data set, and what the page says where it would have to be downloaded first."""

from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from core.data import DatasetSpec, LabelledImages, availability, datasets, load
from core.errors import LabError
from pages._ui import cached
from pages._ui.choose.told_apart import told_apart
from pages._ui.classroom.rules import closed_pages, hides
from pages._ui.frame import PAGES, plain, problem
from pages._ui.glossary import term

_OWN = {
    "builtin": ":material/check: Ready.",
    "prepared": ":material/check: Ready.",
    "folder": ":material/hourglass_top: Decoded at first use.",
}
_WHERE = {
    "folder": ":material/hourglass_top: In the data folder; decoded at first use.",
    "hub": ":material/cloud_download: Not on this machine: needs a download.",
}


def choose_dataset(
    *,
    key: str,
    label: str = "Data set",
    only: Sequence[str] | None = None,
    default: str | None = None,
    on_change: Callable[[], None] | None = None,
    needs_images: bool = True,
) -> str:
    """Offer the catalogue (or ``only`` some of it) and return the chosen name.

    Below it stands where the images come from, unless the page needs none of them (``needs_images``). That is not part
    of the names, because a name that changes while it is chosen is no longer an option, and the choice would be lost.
    """
    titles = dataset_titles(name for name in datasets if only is None or name in only)
    names = list(titles)
    here = [name for name in names if availability(name) != "hub"]
    first = default if default in names else (here or names)[0]
    chosen = st.selectbox(
        label,
        names,
        index=names.index(first),
        format_func=lambda name: titles[name],
        key=key,
        help=f"{term('data set')} On this machine: {plain(', '.join(titles[name] for name in here))}.",
        on_change=on_change or "rerun",
        persist_state="session",
    )
    if needs_images:
        words = (_OWN if datasets[chosen].count is not None else _WHERE).get(availability(chosen))
        if words:
            st.caption(words)
    return chosen


def link_to_get(name: str) -> None:
    """Link to the page on which a data set that is not on this machine can be had, unless it is closed."""
    if "training" in closed_pages():
        return
    st.page_link(
        PAGES["training"],
        label=f"Get the images of {plain(datasets[name].title)}",
        icon=":material/cloud_download:",
        query_params={"data": name},
    )


def dataset_titles(names: Iterable[str]) -> dict[str, str]:
    """Return what people read for data sets in a box, by name; those of one title say which they are."""
    return told_apart({name: datasets.title_of(name) for name in names})


def dataset_or_fetch(name: str, size: int | None = None) -> LabelledImages | None:
    """Return a data set that is at hand; otherwise say what is missing, offer to get it, and return None.

    Nothing is downloaded before the student asks for it. What is in the data folder is decoded with a progress bar.
    """
    found = availability(name, size)
    if found == "hub":
        _offer_download(datasets[name], size)
        return None
    try:
        if found == "folder":
            _prepare(datasets[name], size, "Decoding")
        data = cached.dataset(name, size)
    except LabError as error:
        problem(error)
        return None
    if data.note:
        st.caption(plain(data.note))
    return data


def _offer_download(spec: DatasetSpec, size: int | None) -> None:
    with st.container(border=True):
        st.markdown(
            f":material/cloud_download: **{plain(spec.title)}** is not on this machine. {plain(spec.description)} "
            "The digits and the shapes are built in and need no download."
        )
        if hides("downloads"):
            st.caption("Your teacher decides what is downloaded.")
        elif st.button(f"Download {plain(spec.title)}", key=f"fetch_{spec.name}_{size}", icon=":material/download:"):
            try:
                _prepare(spec, size, "Downloading")
            except LabError as error:
                problem(error)
            else:
                st.rerun()


def _prepare(spec: DatasetSpec, size: int | None, doing: str) -> None:
    bar = st.progress(0.0, text=f"{doing} {plain(spec.title)} …")

    def tell(text: str, done: float) -> None:
        bar.progress(min(1.0, max(0.0, done)), text=plain(text))

    load(spec.name, size=size, progress=tell)
    bar.empty()
