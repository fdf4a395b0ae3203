"""The catalogue of data sets, their splits, and the decode-once cache."""

from core.data.catalogue import DatasetSpec, datasets
from core.data.loading import Availability, availability, load
from core.data.own.as_data_set import changing_name, kept_name, present_name
from core.data.prepared import LabelledImages
from core.data.splits import Split, make_split, published_parts, split_begun_with, writers_apart

__all__ = [
    "Availability",
    "DatasetSpec",
    "LabelledImages",
    "Split",
    "availability",
    "changing_name",
    "datasets",
    "kept_name",
    "load",
    "make_split",
    "present_name",
    "published_parts",
    "split_begun_with",
    "writers_apart",
]
