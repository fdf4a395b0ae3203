"""Every word that is explained is a link to its entry: in its tooltip, and at the end of the page, where keys reach."""

import ast
import re

from streamlit.testing.v1 import AppTest

from pages._ui.glossary import TERMS, linked
from tests.pages.visit import ROOT, check, open_page, texts, visitor


def last_line(page: AppTest) -> str:
    (line,) = [entry.value for entry in check(page).markdown if "In the glossary:" in entry.value]
    return str(line)


def asked_for(term: str) -> AppTest:
    """Come to Start by a link to a term."""
    app = open_page(visitor(), "home/guide")
    app.query_params["term"] = term
    return open_page(app, "home/start")


def test_a_tooltip_begins_with_the_word_as_a_link_to_its_entry() -> None:
    assert linked("p value") == f"[P value](./?term=p%20value): {TERMS['p value']}"


def test_no_sentence_would_end_the_words_of_a_link() -> None:
    assert not [name for name, text in TERMS.items() if re.search(r'["\[\]\\`*_<]', text)]


def test_a_page_links_to_the_words_that_it_explains_now_and_to_no_others(app: AppTest) -> None:
    page = open_page(app, "learn/convolution")
    words = re.findall(r"\[([\w ]+)\]\(\./\?term=", last_line(page))
    assert {"kernel", "stride", "padding", "dilation", "bias", "ReLU", "convolution"} <= set(words)
    assert len(words) == len(set(words))
    assert f'[stride](./?term=stride "{TERMS["stride"]}")' in last_line(page)
    assert "softmax" not in words
    page.session_state["conv_tabs"] = "Softmax"
    assert "softmax" in last_line(page.run())
    assert "momentum" in last_line(open_page(page, "train/training"))
    assert "dilation" not in last_line(page)


def test_an_entry_that_is_asked_for_stands_first_and_the_others_below(home: object) -> None:
    app = asked_for("p value")
    assert app.info[0].value == f"**p value**: {TERMS['p value']}"
    assert len(app.table[0].value) == len(TERMS)
    assert "The glossary below has no '**no**'." in texts(asked_for("**no**")).replace("\\", "")


def test_what_is_explained_before_any_page_is_drawn_is_of_no_page() -> None:
    """A module is imported once, by whoever comes first; what it explains belongs to the page that shows it."""
    for path in (ROOT / "pages").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.Lambda)
            for node in ast.walk(function)
        }
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in inside]
        assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "term"], path
