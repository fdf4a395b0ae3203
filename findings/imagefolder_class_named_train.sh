#!/usr/bin/env bash
# datasets 5.2.0
#
# Expected: `imagefolder` makes a class of every folder of pictures.
# Happens:  where a folder's name holds a word for a split (train, test, dev, eval …), all folders without such a word
#           are left out without a warning, and where one class is left so is the column of labels: of cars, ships and
#           steam trains only the trains arrive, without a label. Where all names are such words, the folders become
#           both classes and splits, and the first split has None for its labels.
# Seen:
#   car, ship, steam engine: {'train': [0, 0, 1, 1, 2, 2]}
#   car, ship, steam train: {'train': ['no label', 'no label']}
#   dev, eval: {'validation': [None, None], 'test': [1, 1]}
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" datasets==5.2.0 pillow==13.0.0

python - <<'PY'
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()


def load(*classes):
    """Return the labels that arrive, by split, of a folder with two pictures for each of ``classes``."""
    root = Path("-".join(classes).replace(" ", "_") + "-set")
    for name in classes:
        (root / name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (8, 8), (len(name), number, 0)).save(root / name / f"{number}.png")
    loaded = datasets.load_dataset("imagefolder", data_dir=str(root))
    labels = {
        split: rows["label"][:] if "label" in rows.features else len(rows) * ["no label"]
        for split, rows in loaded.items()
    }
    print(f"{', '.join(classes)}: {labels}")
    return labels


plain = load("car", "ship", "steam engine")
one = load("car", "ship", "steam train")
all_of_them = load("dev", "eval")

if (plain, one, all_of_them) != (
    {"train": [0, 0, 1, 1, 2, 2]},
    {"train": ["no label"] * 2},
    {"validation": [None, None], "test": [1, 1]},
):
    raise SystemExit("Changed: see above.")
PY
