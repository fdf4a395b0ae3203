#!/usr/bin/env bash
# datasets 5.2.0
#
# Expected: pictures sorted into folders by class keep their classes when one class is sorted further within its folder.
# Happens:  one folder that lies a level deeper than the others takes the column of labels from all pictures, without a
#           warning. The same depth for all is fine, and drop_labels=False brings the labels back, with the inner
#           folder as a class of its own.
# Seen:
#   cat, dog: 4 pictures, classes and labels (['cat', 'dog'], [0, 0, 1, 1])
#   animals/cat, animals/dog: 4 pictures, classes and labels (['cat', 'dog'], [0, 0, 1, 1])
#   cat, dog, dog/puppy: 6 pictures, classes and labels None
#   cat, dog, dog/puppy, drop_labels: 6 pictures, classes and labels (['cat', 'dog', 'puppy'], [0, 0, 1, 1, 2, 2])
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" datasets==5.2.0 pillow==13.0.0

python - <<'PY'
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()


def load(name, *folders, **options):
    """Return class names and labels of a set with two pictures in each of ``folders``."""
    root = Path(name)
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(2):
            Image.new("RGB", (8, 8), (len(folder), number, 0)).save(root / folder / f"{number}.png")
    rows = datasets.load_dataset("imagefolder", data_dir=str(root), split="train", **options)
    found = (rows.features["label"].names, rows["label"][:]) if "label" in rows.features else None
    print(f"{', '.join((*folders, *options))}: {len(rows)} pictures, classes and labels {found}")
    return found


flat = load("flat", "cat", "dog")
deep = load("deep", "animals/cat", "animals/dog")
mixed = load("mixed", "cat", "dog", "dog/puppy")
kept = load("mixed", "cat", "dog", "dog/puppy", drop_labels=False)

if mixed is not None or None in (flat, deep, kept):
    raise SystemExit("Changed: see above.")
PY
