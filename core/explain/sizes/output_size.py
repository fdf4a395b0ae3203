"""How large the output of a convolution is, with the live numbers in the formula, and why.

floor((n + 2p − d(k − 1) − 1) / s) + 1, for a side of n pixels, a kernel k wide, padding p, stride s and dilation d.
"""

from dataclasses import dataclass

from core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SizeWork:
    """One side of the output: ``size`` places, and how it came about.

    ``dropped`` rows (or columns) of the padded picture lie past the last window: the floor's remainder. ``formula``
    holds the numbers; ``special`` is "28 − 3 + 1 = 26" where stride 1, no padding and no dilation allow it.
    """

    n: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    size: int
    dropped: int
    formula: str
    special: str | None


def output_size(n: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> SizeWork:
    """Return the side of the output for a square picture of ``n`` pixels a side and a kernel ``kernel`` numbers wide.

    Raises ConfigError where a number is out of range or the kernel does not fit the padded picture.
    """
    return output_sizes(n, n, kernel, stride=stride, padding=padding, dilation=dilation)[0]


def output_sizes(
    height: int, width: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> tuple[SizeWork, SizeWork]:
    """Return the rows and the columns of the output for a picture of ``height``×``width`` pixels.

    Raises ConfigError as `output_size` does, naming both sides.
    """
    least = {"kernel": (kernel, 1), "stride": (stride, 1), "padding": (padding, 0), "dilation": (dilation, 1)}
    for name, (value, lowest) in least.items():
        if value < lowest:
            raise ConfigError(f"{name} is {value}; it must be at least {lowest}.")
    reach = dilation * (kernel - 1) + 1
    if min(height, width) + 2 * padding < reach:
        spread = f" (spread over {reach} pixels by dilation {dilation})" if dilation > 1 else ""
        padded = f" with padding {padding}" if padding else ""
        raise ConfigError(
            f"kernel {kernel}{spread} does not fit a {height}×{width} map{padded}; take a smaller one or add padding."
        )
    down, across = (_work(side, kernel, stride, padding, dilation) for side in (height, width))
    return down, across


def _work(n: int, kernel: int, stride: int, padding: int, dilation: int) -> SizeWork:
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    size = room // stride + 1
    inner = f"({n} + 2·{padding} − {dilation}·({kernel} − 1) − 1) / {stride}"
    plain = stride == 1 and padding == 0 and dilation == 1
    return SizeWork(
        n=n,
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        size=size,
        dropped=room % stride,
        formula=f"floor({inner}) + 1 = floor({room} / {stride}) + 1 = {size}",
        special=f"{n} − {kernel} + 1 = {size}" if plain else None,
    )


def remarks(
    height: int, width: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> tuple[str, ...]:
    """Return sentences on what these numbers do to the size: keeping it, stride, dropped rows, dilation.

    Raises ConfigError as `output_sizes` does.
    """
    down, across = output_sizes(height, width, kernel, stride=stride, padding=padding, dilation=dilation)
    found = [_keeping(down, across)]
    if dilation > 1 and kernel > 1:
        reach = dilation * (kernel - 1) + 1
        found.append(
            f"Dilation {dilation} leaves gaps between the numbers: {kernel} of them reach over {reach} pixels."
        )
    if stride > 1:
        found.append(_striding(down, across))
    if down.dropped or across.dropped:
        found.append(_dropping(down, across))
    return tuple(found)


def _keeping(down: SizeWork, across: SizeWork) -> str:
    """Why a padding of half the kernel's reach keeps the size, or why none does here."""
    k, d, reach = down.kernel, down.dilation, down.dilation * (down.kernel - 1)
    rule = f"d·(k − 1) / 2 = {d}·({k} − 1) / 2" if d > 1 else f"k // 2 = {k} // 2"
    if reach % 2:
        why = f"d·(k − 1) = {reach} is odd" if d > 1 else "An even kernel has no middle"
        pads = [pad for pad in (reach // 2, reach // 2 + 1) if min(down.n, across.n) + 2 * pad > reach]
        sizes = " or ".join(f"{down.n + 2 * pad - reach}×{across.n + 2 * pad - reach}" for pad in pads)
        return (
            f"{why}, so no padding keeps the size at stride 1: {down.n}×{across.n} becomes {sizes} with padding "
            f"{' or '.join(map(str, pads))}."
        )
    why = f"d·(k − 1) = {reach} is even" if d > 1 else "k is odd"
    same = f"{down.n} + 2·{reach // 2} − {reach + 1} + 1 = {down.n}"
    if down.padding == reach // 2 and down.stride == 1:
        return f"Padding {rule} = {reach // 2} keeps the size, because {why} and the stride is 1: {same}."
    if down.stride == 1:
        now, before = f"{down.size}×{across.size}", f"{down.n}×{across.n}"
        return f"The map is {now}. Padding {rule} = {reach // 2} would keep {before}: {same}."
    return (
        f"With padding {rule} = {reach // 2} and stride 1 the size would stay {down.n}×{across.n}; "
        f"{_as_set(down)} makes it {down.size}×{across.size}."
    )


def _as_set(work: SizeWork) -> str:
    return f"stride {work.stride} with padding {work.padding}"


def _striding(down: SizeWork, across: SizeWork) -> str:
    """What a stride does to the number of places, and why the filters are doubled for it."""
    stride = down.stride
    at_one = [
        output_size(side.n, side.kernel, padding=side.padding, dilation=side.dilation).size for side in (down, across)
    ]
    before, after = at_one[0] * at_one[1], down.size * across.size
    text = f"Stride {stride} keeps one row and one column in {stride}: {before:,} places become {after:,}"
    part = round(before / after)
    if part == 4:
        return f"{text}, about a quarter. Networks double the filters there, so that half the numbers are left."
    return f"{text}, about one in {part}." if part > 1 else f"{text}."


def _dropping(down: SizeWork, across: SizeWork) -> str:
    """What the floor leaves out."""
    parts = [
        f"{side.dropped} {one if side.dropped == 1 else many}"
        for side, one, many in ((down, "row", "rows"), (across, "column", "columns"))
        if side.dropped
    ]
    ends = [end for side, end in ((down, "at the bottom"), (across, "on the right")) if side.dropped]
    padded = " of the padded picture" if down.padding else ""
    return f"The floor drops {' and '.join(parts)}{padded} {' and '.join(ends)}: there is no room for another step."
