"""An array that goes to the disk part by part: its room is taken first, and nothing is mapped before it is whole."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.disk import check_room, reserve


@contextmanager
def array_file(path: Path, shape: Sequence[int]) -> Iterator[Callable[[npt.NDArray[np.uint8]], None]]:
    """Make a ``.npy`` file of uint8 with this shape; call what is yielded with its rows, in order, until all are there.

    Raises OSError where the disk has no room for it, before anything is written, or refuses later; what is there of it
    is then removed.
    """
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)})
    size = len(header.getvalue()) + math.prod(shape)
    check_room(path.parent, size)
    try:
        with path.open("w+b") as file:
            reserve(file, size)
            file.write(header.getvalue())

            def append(rows: npt.NDArray[np.uint8]) -> None:
                file.write(np.ascontiguousarray(rows).data)

            yield append
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
