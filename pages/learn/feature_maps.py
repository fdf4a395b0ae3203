"""Feature maps: what every layer of a network makes of your photo."""

import streamlit as st

from core.errors import LabError
from pages._ui.choose.photo import choose_photo
from pages._ui.choose.samples import Learned, say_where_nothing_fits
from pages._ui.frame import empty_state, header, problem
from pages._ui.received import offer_making, receive_photo
from pages.learn._feature_maps.layer_choice import choose_layer
from pages.learn._feature_maps.networks import choose_network, network_fold, unfold
from pages.learn._feature_maps.sections import received_row
from pages.learn._feature_maps.views import show_view

header(
    "Feature maps",
    "Every filter of a layer turns the picture into a map of where it found its pattern: edges become textures, and "
    "textures answers.",
    icon="layers",
)
photo_row = st.container()

with network_fold():
    network = choose_network(key="maps")
    learned = network and Learned(dataset=network.dataset, classes=network.classes)
    with photo_row:
        photo = choose_photo(learned)
    if network is None or learned is None:
        unfold()
        st.stop()
    made = offer_making(network.dataset)
if network.trained:
    say_where_nothing_fits(learned)
try:
    given = receive_photo(photo, network.format, network.dataset, made=made)
except LabError as error:
    problem(error)
    st.stop()
received_row(network, photo, given)

layers, views, questions = st.container(), st.container(), st.container()
with layers:
    view = choose_layer(network, photo, given, questions=questions)
if view is None:
    empty_state(
        "This network has no maps: its first layer sees all pixels in one row and does not know which are neighbours. "
        "Choose a convolutional network above, or train one.",
        page="training",
        label="Train a network",
    )
    st.stop()

with views:
    show_view(network, photo, given, view)
