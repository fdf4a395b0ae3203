"""Use · Classify: what does a trained network see on your photos, and why?"""

from functools import partial

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from pages._ui import state
from pages._ui.choose.checkpoints import choose_checkpoint
from pages._ui.choose.photo import choose_photo, chosen_photo
from pages._ui.choose.samples import Learned, say_where_nothing_fits
from pages._ui.frame import header, problem, section
from pages._ui.guidance import progress
from pages._ui.received import offer_fit, offer_making
from pages.use._classify.answers import answer_added, classify_all
from pages.use._classify.doubt.section import perturbations
from pages.use._classify.gallery import answers_section
from pages.use._classify.live import live_camera
from pages.use._classify.many.own_set import offer_sets
from pages.use._classify.many.sender import added_photos, many_photos
from pages.use._classify.many.wall import class_on_them, wall_section
from pages.use._classify.pad import drawing_pad
from pages.use._classify.why import choose_answer, why
from pages.use._classify.world.section import world_section

header("Classify", "Show a trained network your photos, and ask it why it answers as it does.", icon="image_search")

checkpoint = choose_checkpoint()
learned = checkpoint and Learned(dataset=checkpoint.card.dataset, classes=checkpoint.card.classes)
row, many, drawing, live = (st.container() for _place in range(4))  # what is offered stands above the answer
photo = chosen_photo(learned)
if checkpoint is None or learned is None:
    with row:
        choose_photo(learned)
    st.stop()

classes = len(checkpoint.card.classes)
section("Answers", f"This network knows {classes} classes and always names one of them, whatever the photo shows.")
made = offer_making(checkpoint.card.dataset)
if not made:
    offer_fit()
with many:
    ask = partial(answer_added, checkpoint, made=made)
    many_photos(shows=class_on_them(checkpoint), answer=ask)
    offer_sets(checkpoint, ask)


def offer_photos(checkpoint: Checkpoint) -> None:
    """Show the photo and the ways to another one; drawn late, because whoever has sent a photo waits for its answer."""
    with row:
        choose_photo(learned)
    with drawing:
        drawing_pad(checkpoint.card.dataset)
    with live:
        live_camera(checkpoint, made=made)


try:
    answers = classify_all(checkpoint, photo, made=made)
except LabError as error:
    problem(error)
    offer_photos(checkpoint)
    st.stop()
if added_photos() or not state.photo_is_to_begin():
    progress.done("classify")
if len(answers) > len(added_photos()):
    say_where_nothing_fits(learned)
answers_section(checkpoint, answers, made=made)
offer_photos(checkpoint)
wall_section(checkpoint, answers)

section("Why this answer?", "The network never sees your photo, only a small square of numbers made from it.")
if good := [answer for answer in answers if answer.photo is not None]:
    asked = choose_answer(good)
    if asked.photo is not None:
        why(checkpoint, asked.photo, asked, made=made)
        section(
            "Put it to the test", "Does the answer hold where a part is hidden, or where every pixel changes a little?"
        )
        perturbations(checkpoint, asked.photo, asked, made=made)
    world_section(checkpoint, asked)
