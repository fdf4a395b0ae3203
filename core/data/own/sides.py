"""Whole units of pictures, groups or people, put on one side so that each class gives its part of its pictures."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]
Cost = Callable[[Counts], npt.NDArray[np.float64]]

_ROUNDS = 20  # of changes; two or three are usual
_KINDS = 64  # of units that are tried in an exchange


def filled(
    labels: Indices,
    units: Indices,
    order: list[bytes],
    part: float,
    *,
    keep: npt.NDArray[np.bool_],
    among: npt.NDArray[np.bool_] | None = None,
    every_class: bool = False,
) -> npt.NDArray[np.bool_]:
    """Choose whole units, none that is to ``keep``, so that each class gives about ``part`` of its pictures.

    Units are taken, given back or exchanged one at a time as long as the shares come nearer to that. With
    ``every_class`` a class that is wholly on one side costs more than any share.
    """
    inside = np.ones(len(labels), bool) if among is None else among
    free = np.setdiff1d(np.unique(units[inside]), np.unique(units[keep]))
    if not len(free):
        return np.zeros(len(labels), bool)
    present, column = np.unique(labels, return_inverse=True)
    total = np.bincount(column[inside], minlength=len(present))
    wanted = part * total
    table = np.zeros((len(free), len(present)), np.int64)
    mine = inside & np.isin(units, free)
    np.add.at(table, (np.searchsorted(free, units[mine]), column[mine]), 1)
    place_of = service_of(free, units, order)
    served = sorted(range(len(free)), key=lambda unit: place_of[unit])

    def cost(sides: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        short = ((sides == 0) | (sides == total)).sum(axis=1) * (1e6 if every_class else 0.5)
        return np.asarray((((sides - wanted) / np.maximum(wanted, 1)) ** 2).sum(axis=1) + short)

    taken = _improved(table[served], cost)
    return np.isin(units, free[np.array(served)[taken]]) & inside


def _improved(table: Counts, cost: Cost) -> npt.NDArray[np.bool_]:
    """Take units in turn while that lowers the cost, then change or exchange single ones until nothing does."""
    taken = np.zeros(len(table), bool)
    held = np.zeros(table.shape[1], np.int64)
    for unit, row in enumerate(table):
        if cost((held + row)[None])[0] < cost(held[None])[0]:
            taken[unit], held = True, held + row
    for _round in range(_ROUNDS):
        before = cost(held[None])[0]
        change = np.where(taken[:, None], -table, table)
        flips = cost(held + change)
        best = int(flips.argmin())
        swap = _best_exchange(table, taken, held, cost)
        if swap is not None and swap[2] < min(before, float(flips[best])) - 1e-9:
            changed = [swap[0], swap[1]]
        elif flips[best] < before - 1e-9:
            changed = [best]
        else:
            break
        taken[changed] = ~taken[changed]
        held = table[taken].sum(axis=0)
    return taken


def _best_exchange(
    table: Counts, taken: npt.NDArray[np.bool_], held: Counts, cost: Cost
) -> tuple[int, int, float] | None:
    """Which unit to give back for which; kinds of units are tried, not all of them, for many are alike."""
    _kinds, first = np.unique(np.column_stack([taken, table]), axis=0, return_index=True)
    out, into = (sorted(first[taken[first] == side].tolist())[:_KINDS] for side in (True, False))
    if not out or not into:
        return None
    costs = np.stack([cost(held - table[each] + table[into]) for each in out])
    best = np.unravel_index(int(costs.argmin()), costs.shape)
    return out[int(best[0])], into[int(best[1])], float(costs[best])


def table_of(labels: Indices, units: Indices) -> tuple[Indices, Counts]:
    """The units in order, and how many pictures of each class each has: (U,), (U, classes that are there)."""
    names, rows = np.unique(units, return_inverse=True)
    present, columns = np.unique(labels, return_inverse=True)
    table = np.zeros((len(names), len(present)), np.int64)
    np.add.at(table, (rows, columns), 1)
    return names, table


def service_of(names: Indices, units: Indices, order: list[bytes]) -> list[bytes]:
    """Each unit's place in the order of service: the first of its pictures'."""
    first: dict[int, bytes] = {}
    for unit, key in zip(units.tolist(), order, strict=True):
        first[unit] = min(first.get(unit, key), key)
    return [first[name] for name in names.tolist()]
