"""The guide shows the files of docs/, and nothing else, whatever its address says."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui.guide import GUIDE
from pages._ui.state import GUIDE_CHOICE, GUIDE_PAGE
from pages.home._guide.document import DOCS, Picture, Table, document
from tests.pages.visit import check, open_page, texts


def heading(app: AppTest) -> str:
    """What the shown page is called: the one heading of second level in its text."""
    found = [line for entry in app.markdown for line in entry.value.splitlines() if line.startswith("## ")]
    return found[0].removeprefix("## ")


def at(app: AppTest, name: str) -> AppTest:
    """Open the guide by a link that names a page of it."""
    app.switch_page("pages/home/guide.py")
    app.query_params[GUIDE_PAGE] = name
    return check(app.run())


def test_every_file_of_docs_is_a_page_of_the_guide() -> None:
    assert set(GUIDE) == {path.stem for path in DOCS.glob("*.md")}


@pytest.mark.parametrize("name", GUIDE)
def test_a_link_opens_its_page_whole(app: AppTest, name: str) -> None:
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    at(app, name)
    assert heading(app) == text.splitlines()[0].removeprefix("# ")
    shown = "\n".join(entry.value for entry in app.markdown)
    code = re.findall(r"^```.*?^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert [block for block in code if block not in shown] == []
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert sum(len(table.value) + 2 for table in app.table) == len(rows)  # with the titles and the rule below them
    assert len(app.image) == len(re.findall(r"^!\[", text, flags=re.MULTILINE))


def test_the_choice_turns_the_page_and_the_address(app: AppTest) -> None:
    open_page(app, "home/guide")
    assert heading(app) == "What a student does, page by page"
    app.pills(key=GUIDE_CHOICE).set_value("measured").run()
    assert heading(check(app)) == "Measured"
    assert app.query_params[GUIDE_PAGE] == "measured"


@pytest.mark.parametrize("name", ["walkthrough", "measured"])
def test_who_teaches_finds_the_way_to_the_console_before_any_key_is_set(app: AppTest, name: str) -> None:
    at(app, name)
    links = [link.proto.label for link in app.get("page_link") if link.proto.label.startswith("Class:")]
    assert len(links) == (name == "walkthrough")


def test_the_page_is_still_open_after_a_visit_elsewhere(app: AppTest) -> None:
    at(app, "settings")
    open_page(app, "learn/convolution")
    open_page(app, "home/guide")
    assert heading(app) == "Settings"


@pytest.mark.parametrize("name", ["nothing", "../README", "..", "images/speed.svg", "speed.md", "Speed", "/", " "])
def test_an_address_opens_nothing_but_pages_of_the_guide(app: AppTest, name: str) -> None:
    at(app, name)
    assert [entry.value for entry in app.error] == ["The guide has no such page; choose one of those above\\."]
    assert not app.table
    assert app.pills(key=GUIDE_CHOICE).value is None
    app.pills(key=GUIDE_CHOICE).set_value("speed").run()
    assert heading(check(app)) == "How fast the lab is"


def test_a_page_that_is_gone_from_the_disk_is_a_sentence(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pages.home._guide.document.DOCS", tmp_path)
    at(app, "speed")
    assert "cannot be read" in texts(app)


def test_links_lead_to_the_guide_outwards_or_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "speed.md").write_text(
        "# Speed\n\nSee [what ships](measured.md#what-ships), [the code](../core/home.py), [more](../README.md) and\n"
        "[PyTorch](https://pytorch.org); `not[a](link.md)`, [`--set`](command-line.md).\n\n"
        "| | of |\n|---|---|\n| [one](classroom.md) | |\n\n"
        "![A chart](images/speed.svg)\n\n```bash\n# no heading [a](settings.md)\n| no table |\n```\n\n## Last\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("pages.home._guide.document.DOCS", tmp_path)
    assert document("speed") == [
        (
            "## Speed\n\nSee [what ships](?page=measured#what-ships), the code, more and\n"
            "[PyTorch](https://pytorch.org); `not[a](link.md)`, [`--set`](?page=command-line)."
        ),
        Table(titles=("", "of"), rows=(("[one](?page=classroom)", ""),)),
        Picture(file=tmp_path / "images" / "speed.svg", alt="A chart"),
        "```bash\n# no heading [a](settings.md)\n| no table |\n```",
        "### Last",
    ]


@pytest.mark.parametrize("name", GUIDE)
def test_tables_have_titles_that_differ_and_rows_of_their_length(name: str) -> None:
    for part in document(name):
        if isinstance(part, Table):
            assert len(set(part.titles)) == len(part.titles)
            assert {len(row) for row in part.rows} == {len(part.titles)}
        if isinstance(part, Picture):
            assert part.file.is_file()
