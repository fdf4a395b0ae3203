"""Use · Classify: what does a trained network see on your photos, and why?"""

import streamlit as st

from core.errors import LabError
from core.photos.door import Photo
from pages._ui import state
from pages._ui.choose.checkpoints import choose_checkpoint
from pages._ui.choose.photo import choose_photo
from pages._ui.choose.samples import Learned, say_where_nothing_fits
from pages._ui.choose.take_home import take_home
from pages._ui.frame import header, look_for, problem, section
from pages._ui.guidance import progress
from pages._ui.received import offer_making
from pages.use._classify.answers import as_csv, as_report, classify_photo, classify_photos, gallery, more_photos
from pages.use._classify.doubt.section import experiments
from pages.use._classify.live import live_camera
from pages.use._classify.pad import drawing_pad
from pages.use._classify.why import why

header("Classify", "Show a trained network your photos, and ask it why it answers as it does.", icon="image_search")

checkpoint = choose_checkpoint()
learned = checkpoint and Learned(dataset=checkpoint.card.dataset, classes=checkpoint.card.classes)
photo = choose_photo(learned)
more = more_photos()
if checkpoint is None or learned is None:
    st.stop()
drawing_pad(checkpoint.card.dataset)
live = st.container()

classes = len(checkpoint.card.classes)
section("Answers", f"This network knows {classes} classes and always names one of them, whatever the photo shows.")
say_where_nothing_fits(learned)
made = offer_making(checkpoint.card.dataset)
with live:
    live_camera(checkpoint, made=made)
try:
    answers = [classify_photo(checkpoint, photo, made=made), *classify_photos(checkpoint, more, made=made)]
except LabError as error:
    problem(error)
    st.stop()
if more or not state.photo_is_to_begin():
    progress.done("classify")
with st.container(horizontal=True, vertical_alignment="bottom"):
    top = classes
    if classes > 2:
        top = st.slider("Classes shown", 1, min(classes, 10), min(classes, 5), key="classify_top", width=300)
    st.download_button(
        "Answers as CSV",
        as_csv(answers, top=top),
        "answers.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="One row a photo, for a spreadsheet.",
    )
    st.download_button(
        "Answers as a report",
        lambda: as_report(checkpoint, answers, top=top),
        "answers.html",
        "text/html",
        icon=":material/print:",
        on_click="ignore",
        help="One page with every photo, to print or to hand in.",
    )
    take_home(checkpoint)
gallery(answers, top=top)
look_for("Is it sure and right, or sure and wrong? A probability says how sure the network is, not how good it is.")

section("Why this answer?", "The network never sees your photo, only a small square of numbers made from it.")
good = {place: one for place, one in enumerate([photo, *more]) if isinstance(one, Photo) and not answers[place].error}
place = next(iter(good))
if len(good) > 1:
    place = st.selectbox(
        "Photo", list(good), format_func=lambda index: f"{index + 1}. {answers[index].name}", key="why_photo"
    )
why(checkpoint, good[place], answers[place], made=made)

section("Put it to the test", "Does the answer hold where a part is hidden, or where every pixel changes a little?")
experiments(checkpoint, good[place], answers[place], made=made)
