"""What is known of a data set before any of its images is read."""

from dataclasses import dataclass

from core.photos.ink_frame import InkFrame


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """One data set: ``size`` is the side in pixels that it is decoded to unless asked otherwise.

    ``hub_id`` is its name on the Hugging Face Hub (None: it is built in), ``official_test`` says whether its
    makers chose a test split. ``images`` are those outside and inside the test split, as published (None: made
    here, and counted). ``channels`` is 1 for greyscale, 3 for RGB. ``writer_block`` is how many images in a row
    are by one hand, about, where they lie writer by writer (None: nothing is known of that). ``ink`` tells how its
    images were made of scans, so that a photo can be made like them (None: they are photos themselves). ``count`` is
    how many images an own set has (None: it is none).
    """

    name: str
    title: str
    description: str
    source: str
    classes: tuple[str, ...]
    channels: int
    size: int
    hub_id: str | None = None
    image_column: str = "image"
    label_column: str = "label"
    official_test: bool = False
    images: tuple[int, int] | None = None
    writer_block: int | None = None
    ink: InkFrame | None = None
    count: int | None = None

    @property
    def folder_name(self) -> str | None:
        """The folder that holds it inside the data folder: ``owner--name``."""
        return self.hub_id.replace("/", "--") if self.hub_id else None
