"""The drawing pad is offered where a network reads handwriting."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.networks import ship
from tests.pages.visit import open_page, visitor


@pytest.mark.parametrize(("dataset", "offered"), [("digits", True), ("mnist", True), ("cifar10", False)])
def test_a_sheet_is_offered_for_networks_of_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path, dataset: str, offered: bool
) -> None:
    monkeypatch.setattr("core.checkpoints.networks.checkpoints_folder", lambda: tmp_path)
    ship(tmp_path, "tiny", dataset=dataset)
    page: AppTest = open_page(visitor(), "use/classify")
    assert ("Draw a digit" in [fold.label for fold in page.expander]) is offered
