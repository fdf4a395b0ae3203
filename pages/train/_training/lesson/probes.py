"""The probe photos of a run as a strip: a handful of pictures, and what the network called each after every epoch."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from PIL import Image

from core.data import datasets
from core.errors import LabError
from core.explain.probes import MOST_BROUGHT, Page, bring, brought, picture_of, read_pages
from core.judging.certainty import probability_words
from core.judging.curve.chance_level import frozen_backbone
from core.runs import open_store
from core.runs.folders import run_folder
from core.runs.records import Run
from pages._ui import cached, state
from pages._ui.draw.pictures import as_image, picture_file
from pages._ui.frame import look_for, plain
from pages._ui.visitor import visitor

COLUMNS = 8  # epochs that are shown: the first that were kept, and the newest
TILE = 44  # pixels
_PROBLEM = "probes_problem"


@dataclass(frozen=True, kw_only=True)
class Probed:
    """A picture as the page shows it: its address, what is on it (None where nobody says), and its name in `Page`."""

    name: str
    source: str
    shows: int | None


def dead_layer(run: Run) -> str:
    """Return the first layer that answered zero to every picture after the newest epoch; "" where none did."""
    pages = _pages(run)
    return pages[-1].dead if pages else ""


def probe_strip(run: Run) -> None:
    """Show what the network calls a handful of pictures, epoch by epoch, and take the student's own photo in."""
    if table := _strip(run.id, run.fence, run.epochs_done, run.status, run):
        st.html(table)
        look_for("After which epoch does each answer stay? Green is right, a dot is the beginning, before any step.")
    _own_photo(run)


@st.cache_resource(max_entries=64, ttl=60, show_spinner=False)
def _strip(run_id: str, fence: int, epochs_done: int, status: str, _run: Run) -> str:
    """The strip of a run, drawn once for everybody after each epoch; "" where there is nothing to show."""
    pages = _pages(_run)
    if not pages or _run.config.dataset not in datasets:
        return ""
    pictures = [found for name in pages[-1].answers if (found := _picture(_run, name)) is not None]
    shown = pages if len(pages) <= COLUMNS else [pages[0], *pages[1 - COLUMNS :]]
    return _table(_run, pictures, shown) if pictures else ""


def _own_photo(run: Run) -> None:
    photo = state.photo()
    if (
        frozen_backbone(run.config)
        or not run.live
        or photo is None
        or state.photo_is_to_begin()
        or not visitor().may_change(run.owner)
    ):
        return
    if len(brought(_folder(run))) < MOST_BROUGHT:
        st.button(
            "Ask about my photo as well",
            icon=":material/add_photo_alternate:",
            key=f"probe_{run.id}",
            on_click=_bring,
            args=(run.id,),
            help="The one that you have chosen, from the next epoch on. Whoever opens this run sees it.",
        )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")


def _bring(run_id: str) -> None:
    photo, run = state.photo(), open_store().get(run_id)
    if photo is None or not visitor().may_change(run.owner):
        return
    try:
        bring(_folder(run), photo.image)
    except (LabError, OSError) as error:
        st.session_state[_PROBLEM] = f"The photo could not be laid beside the run: {error}"


def _folder(run: Run) -> Path:
    return run_folder(open_store().home, run.id)


def _pages(run: Run) -> Sequence[Page]:
    return _read(str(_folder(run)), run.fence, run.epochs_done, run.status)


@st.cache_resource(max_entries=64, ttl=60, show_spinner=False)
def _read(folder: str, fence: int, epochs_done: int, status: str) -> Sequence[Page]:
    """The pages of a run, read once for everybody after each epoch."""
    return read_pages(Path(folder))


def _picture(run: Run, name: str) -> Probed | None:
    """A picture to show: one of the data set by its place, or one that was laid beside the run."""
    if name.isdecimal():
        try:
            data = cached.dataset(run.config.dataset, run.config.image_size)
            image, shows = as_image(data.images[int(name)]), int(data.labels[int(name)])
        except (LabError, IndexError):
            return None
        return Probed(name=name, source=_address(image), shows=shows)
    path = next((path for path in brought(_folder(run)) if path.stem == name), None)
    found = picture_of(path) if path is not None else None
    return None if found is None else Probed(name=name, source=_address(found), shows=None)


def _address(image: Image.Image) -> str:
    small = image.copy()
    small.thumbnail((2 * TILE, 2 * TILE))
    data = base64.b64encode(picture_file(small, at_least=TILE, photo=max(image.size) > TILE)).decode()
    return f"data:image/{'jpeg' if data.startswith('/9j') else 'png'};base64,{data}"


def _table(run: Run, pictures: Sequence[Probed], pages: Sequence[Page]) -> str:
    classes = datasets[run.config.dataset].classes
    heads = "".join(f"<th>{'·' if page.epoch == 0 else f'epoch {page.epoch}'}</th>" for page in pages)
    rows = []
    for picture in pictures:
        shows = "your photo" if picture.shows is None else classes[picture.shows]
        cells = [_cell(page, picture, classes) for page in pages]
        image = f'<img src="{picture.source}" alt="{html.escape(shows, quote=True)}" height="{TILE}">'
        rows.append(f"<tr><th>{image}<br>{html.escape(shows)}</th>{''.join(cells)}</tr>")
    style = "border-collapse:collapse;font-size:.8rem;text-align:center;font-variant-numeric:tabular-nums"
    return (
        f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="Answers to the probe photos by epoch">'
        f'<table style="{style}"><tr><th></th>{heads}</tr>{"".join(rows)}</table></div>'
    )


def _cell(page: Page, picture: Probed, classes: Sequence[str]) -> str:
    answer = page.answers.get(picture.name)
    if answer is None or not 0 <= answer.place < len(classes):
        return "<td></td>"
    right = picture.shows == answer.place
    colour = "rgba(0,127,95,.30)" if right else "rgba(128,134,142,.18)"
    mark = "" if picture.shows is None else ", right" if right else ", wrong"
    words = f"{classes[answer.place]}, {probability_words(answer.probability)}{mark}"
    return (
        f'<td style="padding:4px 8px;background:{colour};border:2px solid transparent;background-clip:padding-box" '
        f'title="{html.escape(words, quote=True)}"><b>{html.escape(classes[answer.place])}</b><br>'
        f"{html.escape(probability_words(answer.probability))}</td>"
    )
