"""Judge · Compare: which network is better on images that none of them has seen, and what makes it so?"""

import streamlit as st

from pages._ui import address
from pages._ui.frame import header, section
from pages.judge._compare.calibration_section import calibration_section
from pages.judge._compare.choice import choose_networks, course_comparison
from pages.judge._compare.disagreement import disagreement
from pages.judge._compare.experiments.section import experiments
from pages.judge._compare.fair_play import fair_play
from pages.judge._compare.figures import by_class, curves, intervals, table
from pages.judge._compare.how_much_data import how_much_data
from pages.judge._compare.in_address import EXPERIMENT, NEW, experiment
from pages.judge._compare.mistakes import mistakes
from pages.judge._compare.take_home import take_comparison_home

NETWORKS, EXPERIMENTS, VIEW = "Networks", "Experiments", "compare_view"


def side_by_side() -> None:
    """Show the chosen networks beside each other."""
    networks = choose_networks()
    if networks:
        pair = fair_play(networks)
        section("Figures", "Every figure is of the test split, unless a row says that it may have been seen.")
        table(networks)
        take_comparison_home(networks)
        if any(network.evaluation for network in networks):
            intervals(networks)
            section("By class", "The share of each class's test images that the network recognises.")
            by_class(networks)
            section("Calibration", "Of the answers that a network gives with 80 % confidence, are 80 % right?")
            calibration_section(networks)
            section("Mistakes", "Rows are what the image shows, columns what the network answered.")
            mistakes(networks)
        if pair:
            section("Where they disagree", "One is right, the other is not: what did each of them look at?")
            disagreement(*pair)
        how_much_data(networks)
        section("Curves of training", "How each network came to its figure, epoch by epoch.")
        curves(networks)
    course_comparison(networks)


header("Compare", "Put trained networks side by side, on images that none of them was trained on.", icon="balance")
shown = experiment()
st.session_state[VIEW] = EXPERIMENTS if shown else NETWORKS  # what the address says, after Back as well
views = st.tabs(
    [NETWORKS, EXPERIMENTS],
    key=VIEW,
    on_change=lambda: address.write(EXPERIMENT, NEW if st.session_state[VIEW] == EXPERIMENTS else None),
)
with views[bool(shown)]:
    if shown:
        experiments(shown)
    else:
        side_by_side()
