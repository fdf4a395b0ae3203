"""The catalogue of data sets, their splits, and the decode-once cache."""

from core.data.catalogue import DatasetSpec, datasets
from core.data.loading import Availability, availability, load
from core.data.prepared import LabelledImages
from core.data.splits import Split, make_split, published_parts, split_begun_with, writers_apart

__all__ = [
    "Availability",
    "DatasetSpec",
    "LabelledImages",
    "Split",
    "availability",
    "datasets",
    "load",
    "make_split",
    "published_parts",
    "split_begun_with",
    "writers_apart",
]
