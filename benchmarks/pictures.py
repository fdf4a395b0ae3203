"""Where the naive side's pictures come from: arrays in memory, or the files that a data set is made of."""

import numpy as np
import numpy.typing as npt
from datasets import Image as ImageFeature
from datasets import disable_progress_bars, load_dataset

from benchmarks.training.naive import Picture, pictures_of
from core.data import LabelledImages
from core.data.catalogue import DatasetSpec
from core.home import data_folder

FILES_FROM = 64  # pixels: larger data sets come as files, which courses open one by one; smaller ones as one array


def pictures_for(data: LabelledImages, indices: npt.NDArray[np.int64]) -> list[Picture]:
    """Return the pictures at ``indices``: of small images their pixels, of large ones the bytes of their files.

    torchvision's MNIST and CIFAR10 hold arrays; photos lie in files, which `ImageFolder` opens at every access.
    """
    if data.size < FILES_FROM or data.spec.hub_id is None:
        return pictures_of(data.images[indices])
    return list(files(data.spec, indices))


def files(spec: DatasetSpec, indices: npt.NDArray[np.int64]) -> list[bytes]:
    """Return the encoded training images at ``indices``, each a whole file, from the data folder or the Hub's copy."""
    disable_progress_bars()
    base = data_folder()
    folder = base / str(spec.folder_name) if base is not None else None
    source = str(folder) if folder is not None and folder.is_dir() else str(spec.hub_id)
    rows = load_dataset(source, split="train", streaming=source != spec.hub_id)
    wanted = set(indices.tolist())
    found: dict[int, bytes] = {}
    for place, row in enumerate(rows.cast_column(spec.image_column, ImageFeature(decode=False))):
        if place in wanted:
            found[place] = row[spec.image_column]["bytes"]
    return [found[place] for place in indices.tolist()]
