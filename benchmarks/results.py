"""Files of results: ``results/<date>-<kind>.json``, written by a measurement and read by the report."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from benchmarks.machine import Machine, commit, load, now, this_machine, versions
from benchmarks.rows import Row

Kind = Literal["throughput", "accuracy", "screen", "ablation", "profile", "class", "defaults"]
KINDS: tuple[Kind, ...] = ("throughput", "accuracy", "screen", "ablation", "profile", "class", "defaults")
IN_PARTS: tuple[Kind, ...] = ("defaults", "screen")
FOLDER = Path(__file__).resolve().parent / "results"

Fields = dict[str, Any]


class Measurement:
    """The head of a result file: made before the first row is measured, so that it has the load before and after."""

    def __init__(self, kind: Kind, *, packages: Sequence[str] = ()) -> None:
        self.kind, self.started, self.load = kind, now(), load()
        self.packages = packages

    def fields(self, rows: Sequence[Row], *, machine: Machine | None = None) -> Fields:
        """Return what the file holds, as JSON values."""
        return {
            "kind": self.kind,
            "date": self.started,
            "commit": commit(),
            "machine": (machine or this_machine()).to_fields(),
            "load_before": self.load,
            "load_after": load(),
            "versions": versions(*self.packages),
            "rows": [asdict(row) for row in rows],
        }


def write(fields: Fields, path: Path | None = None) -> Path:
    """Write a result file (default: under its date, in the folder that the report reads) and return its path."""
    path = path or FOLDER / f"{fields['date'][:10]}-{fields['kind']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fields, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def newest(folder: Path = FOLDER) -> dict[Kind, Fields]:
    """Return the newest result of each kind in ``folder``, by the date in the files' names; kinds may be missing.

    Of `IN_PARTS` a later file may hold some rows only; all others are still those of before (`joined`).
    """
    found: dict[Kind, Fields] = {}
    for path in sorted(folder.glob("*.json")):
        for kind in KINDS:
            if re.fullmatch(rf"\d{{4}}-\d\d-\d\d-{kind}\.json", path.name):
                fields = json.loads(path.read_text(encoding="utf-8"))
                found[kind] = joined(found[kind], fields) if kind in IN_PARTS and kind in found else fields
    return found


def joined(before: Fields, later: Fields) -> Fields:
    """Return a result with the rows of both, of those that both have the later ones.

    ``parts`` are the results that rows are left of, the later one first, each with its own rows.
    """
    names = {row["name"] for row in later["rows"]}
    left = [
        {**part, "rows": [row for row in part["rows"] if row["name"] not in names]}
        for part in before.get("parts", [before])
    ]
    parts = [later, *(part for part in left if part["rows"])]
    return {**later, "rows": [row for part in parts for row in part["rows"]], "parts": parts}
