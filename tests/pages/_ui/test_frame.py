"""How pages are described to Streamlit."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui import frame


def test_the_files_of_the_pages_are_looked_for_once_and_not_with_every_click(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for: list[str] = []
    plain = Path.resolve

    def resolve(path: Path, strict: bool = False) -> Path:
        looked_for.append(path.name)
        return plain(path, strict)

    monkeypatch.setattr(Path, "resolve", resolve)
    frame._described.cache_clear()
    names = {Path(page).name for page in frame.PAGES.values()}
    app.run()
    assert names <= set(looked_for)
    looked_for.clear()
    app.run()
    assert not app.exception
    assert names.isdisjoint(looked_for)
