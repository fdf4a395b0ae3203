"""The comparison as one HTML file, and its curves for a spreadsheet."""

from collections.abc import Sequence

import streamlit as st

from core.export.curves import curves_csv
from core.export.report import comparison_report
from pages._ui.choose.take_home import download
from pages.judge._compare.judged import Judged


def take_comparison_home(networks: Sequence[Judged]) -> None:
    """Offer the two files; each is made when it is asked for."""
    checkpoints = [network.checkpoint for network in networks]
    evaluations = [network.evaluation for network in networks]
    with st.container(horizontal=True):
        download(
            "Comparison as a report",
            lambda: comparison_report(checkpoints, evaluations),
            "comparison.html",
            "text/html",
            key="comparison_report",
            tip="One page, to print or to hand in.",
        )
        download(
            "Curves as CSV",
            lambda: curves_csv([checkpoint.card for checkpoint in checkpoints]),
            "curves.csv",
            "text/csv",
            key="comparison_curves",
        )
