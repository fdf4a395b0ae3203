"""The ablation that comes with the lab is read as it was measured, the newest one, and none where there is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.explain.ingredients import measured

ABLATION: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "benchmark_results.json").read_text(encoding="utf-8")
)["ablation"]


def write(folder: Path, day: str, fields: dict[str, Any]) -> None:
    (folder / f"{day}-ablation.json").write_text(json.dumps(fields), encoding="utf-8")


def test_an_ablation_is_read_without_the_row_of_the_whole_recipe(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-20", ABLATION)
    ablation = measured(tmp_path)
    assert ablation is not None
    assert [row.title for row in ablation.ingredients] == ["without whitening: the first layer learns"]
    assert ablation.ingredients[0].difference == pytest.approx(-0.035)
    assert ablation.ingredients[0].error == pytest.approx(0.005)
    assert (ablation.whole, ablation.seeds, ablation.n) == (0.81, 2, 5000)
    assert (ablation.epochs, ablation.images, ablation.date) == (3, 20_000, "2026-11-20")


def test_the_most_valuable_ingredient_comes_first(tmp_path: Path) -> None:
    whole, row = ABLATION["rows"]
    write(tmp_path, "2026-11-20", ABLATION | {"rows": [whole, row | {"title": "little", "difference": -0.001}, row]})
    ablation = measured(tmp_path)
    assert ablation is not None
    assert [row.title for row in ablation.ingredients] == [row["title"], "little"]


def test_the_newest_ablation_counts(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-20", ABLATION)
    write(tmp_path, "2026-12-01", ABLATION | {"date": "2026-12-01T08:00:00+00:00"})
    (tmp_path / "2026-12-24-screen.json").write_text("{}", encoding="utf-8")
    ablation = measured(tmp_path)
    assert ablation is not None
    assert ablation.date == "2026-12-01"


def test_without_results_there_is_no_ablation(tmp_path: Path) -> None:
    assert measured(tmp_path) is None
    assert measured(tmp_path / "nowhere") is None


def test_the_ablation_that_ships_can_be_read() -> None:
    ablation = measured()
    assert ablation is not None
    assert ablation.seeds >= 2
    assert all(row.reason and row.error is not None for row in ablation.ingredients)
