"""Going from one page to another by a link or a button: nothing that is set on the page may stand in the way."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui import state
from tests.pages import runs
from tests.pages.visit import ROOT, check, open_page


@pytest.mark.parametrize("nickname", ["", "Ada"])
def test_a_finished_run_leads_to_the_pages_that_use_it(app: AppTest, home: Path, shipped: Path, nickname: str) -> None:
    run = runs.finished(home)
    app.query_params["run"] = run.id
    shown = open_page(app, "train/training")
    if nickname:
        check(shown.text_input(key=state.NICKNAME).set_value(nickname).run())
    check(shown.button(key="bet_skip").click().run())
    links = {link.proto.label: link.proto for link in shown.get("page_link")}
    for label, page, parameter in (
        ("Classify photos with it", "classify", state.CHECKPOINT),
        ("Look into its layers", "feature-maps", state.CHECKPOINT),
        ("Compare it", "compare", state.COMPARED),
    ):
        assert links[label].page == page
        assert links[label].query_string == f"{parameter}={run.id}"


@pytest.mark.parametrize("file", sorted((ROOT / "pages").rglob("*.py")), ids=lambda file: file.stem)
def test_no_widget_is_bound_to_the_address(file: Path) -> None:
    """Streamlit 1.67 refuses to switch the page while one is bound and holds a value of its own."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    assert not [call.lineno for call in calls for keyword in call.keywords if keyword.arg == "bind"]
