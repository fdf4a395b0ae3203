"""What a filter looks for: the images of a data set in which its map reaches its largest numbers, and where.

One pass over the images finds them for every filter of every layer at once. They are worked out once for a checkpoint
and a version of its data, and kept on disk.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from core.data.prepared import LabelledImages
from core.errors import ModelError
from core.explain.filters import kept_arrays
from core.explain.inside.layers import device_of, has_maps, unknown_layer
from core.models.architecture.watched_twin import watched_twin
from core.models.input_format import InputFormat, normalise, to_batch
from core.models.resize import Resize

MOST_IMAGES = 2_000  # test images that are looked at, evenly spread: ResNet-18 takes half a minute for them
COUNT = 9
_AT_ONCE = 25  # images a pass: whoever waits may stop between two
_FORMAT = 1  # part of every key: raise it where the same key would mean something else

Progress = Callable[[str, float], None]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Excited:
    """One image that excites a filter: its ``index`` in the data set, the largest ``value`` of its map, and where."""

    index: int
    value: float
    row: int
    col: int


@dataclass(frozen=True, kw_only=True)
class Exciting:
    """The images that excite each filter of a network most, out of ``looked_at``, by the names of its layers.

    ``values`` float32 (K, 9), ``images`` int32 (K, 9), ``places`` int32 (K, 9, 2), the largest value first. With fewer
    than nine images there are fewer columns.
    """

    values: dict[str, npt.NDArray[np.float32]]
    images: dict[str, npt.NDArray[np.int32]]
    places: dict[str, npt.NDArray[np.int32]]
    looked_at: int

    def of(self, layer: str, number: int) -> tuple[Excited, ...]:
        """Return the images of one filter; raises ModelError for a layer without maps or a filter that is not there."""
        if layer not in self.values:
            raise unknown_layer(layer, list(self.values))
        if not 0 <= number < len(self.values[layer]):
            raise ModelError(f"The layer {layer} has {len(self.values[layer])} filters; {number} is none of them.")
        rows = zip(
            self.images[layer][number].tolist(),
            self.values[layer][number].tolist(),
            self.places[layer][number].tolist(),
            strict=True,
        )
        return tuple(Excited(index=index, value=value, row=row, col=col) for index, value, (row, col) in rows)


def looked_at(test: Indices) -> Indices:
    """Return the images that are searched: all of a test split, or `MOST_IMAGES` evenly spread over it."""
    if len(test) <= MOST_IMAGES:
        return test
    return test[np.linspace(0, len(test) - 1, MOST_IMAGES).round().astype(np.int64)]


def kept_exciting_images(
    model: nn.Module, format: InputFormat, data: LabelledImages, indices: Indices, *, network: str, look: bool = True,
    progress: Progress | None = None,
) -> Exciting | None:  # fmt: skip
    """Return what is kept for a ``network``, named by the hash of its weights, or work it out and keep it.

    With ``look`` false nothing is worked out, and None says that nothing is kept. What ``progress`` raises ends the
    search; nothing is kept of it then.
    """
    tell = progress or (lambda _text, _share: None)
    key = kept_arrays.key_of(
        {
            "format": _FORMAT,
            "network": network,
            "data": data.fingerprint,
            "size": data.size,
            "images": kept_arrays.key_of({"indices": indices.tolist()}),
        }
    )
    found = _from_arrays(kept_arrays.read(key), len(indices))
    if found is not None or not look:
        return found
    with kept_arrays.alone(key, lambda: tell("Somebody else is looking for the same images", 0.0)):
        found = _from_arrays(kept_arrays.read(key), len(indices))
        if found is None:
            found = exciting_images(model, format, data, indices, progress=progress)
            kept_arrays.write(key, _to_arrays(found))
    return found


def exciting_images(
    model: nn.Module, format: InputFormat, data: LabelledImages, indices: Indices, *, progress: Progress | None = None
) -> Exciting:
    """Return the images among ``indices`` of a data set that excite each filter of ``model`` most.

    Of equal values the image that comes first in ``indices`` counts. The model is used through twins and stays as it
    is.
    """
    best: dict[str, tuple[Tensor, Tensor, Tensor]] = {}  # values, images, places (flat) of each filter, (K, up to 9)
    sizes: dict[str, int] = {}
    numbers = torch.from_numpy(indices)
    with torch.inference_mode():
        for start in range(0, len(indices), _AT_ONCE):
            if progress is not None:
                progress(f"Looking at image {start:,} of {len(indices):,}", start / len(indices))
            part = numbers[start : start + _AT_ONCE]
            batch = to_batch(np.ascontiguousarray(data.images[part.numpy()]), format)
            _look(model, normalise(batch, format), part, best, sizes)
    return Exciting(
        values={name: values.numpy() for name, (values, _, _) in best.items()},
        images={name: images.int().numpy() for name, (_, images, _) in best.items()},
        places={
            name: torch.stack([flat // sizes[name], flat % sizes[name]], dim=-1).int().numpy()
            for name, (_, _, flat) in best.items()
        },
        looked_at=len(indices),
    )


def _look(
    model: nn.Module,
    batch: Tensor,
    numbers: Tensor,
    best: dict[str, tuple[Tensor, Tensor, Tensor]],
    sizes: dict[str, int],
) -> None:
    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if not has_maps(module, after) or isinstance(module, Resize):
            return
        sizes[name] = after.shape[3]
        values, flat = after.float().flatten(2).max(2)  # (N, K)
        images = numbers[:, None].expand_as(flat)
        new = [one.T.cpu() for one in (values, images, flat)]
        if name in best:
            new = [torch.cat([old, one], dim=1) for old, one in zip(best[name], new, strict=True)]
        order = new[0].sort(dim=1, descending=True, stable=True).indices[:, :COUNT]
        best[name] = (new[0].gather(1, order), new[1].gather(1, order), new[2].gather(1, order))

    watched_twin(model, witness)(batch.to(device_of(model)))


def _to_arrays(found: Exciting) -> kept_arrays.Arrays:
    parts = (("values", found.values), ("images", found.images), ("places", found.places))
    arrays: kept_arrays.Arrays = {f"{kind}/{name}": one for kind, of in parts for name, one in of.items()}
    return arrays | {"looked_at": np.array(found.looked_at)}


def _from_arrays(arrays: kept_arrays.Arrays | None, count: int) -> Exciting | None:
    if arrays is None or int(arrays.get("looked_at", np.array(-1))) != count:
        return None
    by: dict[str, dict[str, npt.NDArray[np.generic]]] = {"values": {}, "images": {}, "places": {}}
    for full, one in arrays.items():
        kind, _, name = full.partition("/")
        if kind in by:
            by[kind][name] = one
    if not by["values"].keys() == by["images"].keys() == by["places"].keys():
        return None
    return Exciting(
        values={name: one.astype(np.float32) for name, one in by["values"].items()},
        images={name: one.astype(np.int32) for name, one in by["images"].items()},
        places={name: one.astype(np.int32) for name, one in by["places"].items()},
        looked_at=count,
    )
