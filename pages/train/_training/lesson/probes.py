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

TILE, CELL = 44, 72  # pixels: of a picture, of an answer at least
_PROBLEM = "probes_problem"
_LINE = (
    f"flex:1;display:grid;gap:2px;grid-template-columns:repeat(auto-fill,minmax({CELL}px,1fr));"
    "list-style:none;margin:0;padding:0;text-align:center"
)


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
        look_for("After which epoch does each answer stay? Green is right; epochs in which none settled are left out.")
    _own_photo(run)


@st.cache_resource(max_entries=64, ttl=60, show_spinner=False)
def _strip(run_id: str, fence: int, epochs_done: int, status: str, _run: Run) -> str:
    """The strip of a run, drawn once for everybody after each epoch; "" where there is nothing to show."""
    pages = _pages(_run)
    if not pages or _run.config.dataset not in datasets:
        return ""
    pictures = [found for name in pages[-1].answers if (found := _picture(_run, name)) is not None]
    return _table(_run, pictures, told(pages)) if pictures else ""


def told(pages: Sequence[Page]) -> list[Page]:
    """Return the pages that tell when answers settle: each picture's first answer, the one that stays, the newest."""
    newest = pages[-1].answers
    turns = {0, len(pages) - 1}
    for name, last in newest.items():
        said = [(at, page.answers[name].place) for at, page in enumerate(pages) if name in page.answers]
        first = said[0][0]
        turns |= {first, max((at + 1 for at, place in said if place != last.place), default=first)}
    return [page for at, page in enumerate(pages) if at in turns]


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
    """A line a picture, which goes on below where the page is narrow."""
    classes = datasets[run.config.dataset].classes
    rows = []
    for picture in pictures:
        shows = html.escape("your photo" if picture.shows is None else classes[picture.shows], quote=True)
        cells = "".join(_cell(page, picture, classes) for page in pages)
        image = f'<img src="{picture.source}" alt="" style="display:block;height:{TILE}px">'
        rows.append(
            f'<div style="display:flex;gap:8px;margin-bottom:10px"><div style="min-width:{TILE}px">{image}{shows}</div>'
            f'<ul aria-label="Answers to the probe photo of {shows}, by epoch" style="{_LINE}">{cells}</ul></div>'
        )
    return f'<div style="font-size:.8rem;font-variant-numeric:tabular-nums">{"".join(rows)}</div>'


def _cell(page: Page, picture: Probed, classes: Sequence[str]) -> str:
    answer = page.answers.get(picture.name)
    if answer is None or not 0 <= answer.place < len(classes):
        return "<li></li>"
    right = picture.shows == answer.place
    colour = "rgba(0,127,95,.30)" if right else "rgba(128,134,142,.18)"
    mark = "" if picture.shows is None else ", right" if right else ", wrong"
    said = probability_words(answer.probability)
    words = f"{classes[answer.place]}, {said}{mark}"
    when = f"epoch {page.epoch}" if page.epoch else "at first"
    return (
        f'<li style="font-size:.8rem;margin:0;padding:3px 0;background:{colour};overflow-wrap:anywhere" '
        f'title="{html.escape(words, quote=True)}">{when}<br><b>{html.escape(classes[answer.place])}</b><br>'
        f"{html.escape(said)}</li>"
    )
