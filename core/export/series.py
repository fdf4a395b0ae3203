"""An experiment, which is trainings that differ in one thing, as one HTML file."""

from collections.abc import Mapping, Sequence

from core.export import page as html


def series_report(
    title: str,
    lead: str,
    *,
    x_name: str,
    means: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    intervals: Sequence[tuple[str, float, tuple[float, float]]],
    said: Sequence[str],
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> bytes:
    """Return the report: ``means`` are lines by name (places, accuracies in [0, 1]), drawn over ``x_name``;
    ``intervals`` each value with its mean and 95 % interval, ``said`` the sentences on what differs, ``rows`` every
    training under ``head``. All text is plain."""
    body = [html.paragraph(lead, soft=True)]
    if any(len(xs) > 1 for xs, _ys in means.values()):
        lines = [(name, xs, ys) for name, (xs, ys) in means.items()]
        drawn = html.line_chart(lines, alt=f"Mean test accuracy by {x_name}", shares=True, x_name=x_name)
        body.append(html.section(f"By {x_name}", html.figure(drawn, f"Mean test accuracy over the {x_name}.")))
    if intervals:
        drawn = html.intervals(intervals, alt="Mean accuracies with their intervals")
        body.append(html.section("Means", html.figure(drawn, "Each with its 95 % interval.")))
    if said:
        body.append(html.section("What differs", *map(html.paragraph, said)))
    body.append(html.section("Every training", html.table(head, rows)))
    return html.page(title, body)
