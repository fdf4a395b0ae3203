"""The figures side by side: one table, one chart of intervals, recall by class, and the curves of training."""

import math
from collections.abc import Sequence

import streamlit as st

from core.checkpoints import Card
from core.checkpoints.backbones import backbones_seconds
from core.data import availability, datasets
from core.errors import LabError
from core.intervals import percent, percent_span
from core.judging.evaluation import Evaluation
from pages._ui.choose.datasets import link_to_get
from pages._ui.choose.shown import from_address
from pages._ui.draw import vega
from pages._ui.draw.line_chart import Kind, Line, line_chart
from pages._ui.frame import choice, look_for, plain
from pages._ui.glossary import sentence
from pages._ui.run_words import duration
from pages.judge._compare.fair_play import computed_on
from pages.judge._compare.in_address import CURVE
from pages.judge._compare.judged import Judged, judge_here

_WITHOUT, _NONE_KNOWN = "Without doubtful images", "none known"


def table(networks: Sequence[Judged]) -> None:
    """Show every network's figures in a row, each with its unit."""
    columns = [_figures(network) for network in networks]
    names = unlike([plain(network.title) for network in networks])
    rows = [
        {"Figure": figure} | {name: column.get(figure, "none yet") for name, column in zip(names, columns, strict=True)}
        for figure in max(columns, key=len)
        if figure != _WITHOUT or any(column.get(figure, _NONE_KNOWN) != _NONE_KNOWN for column in columns)
    ]
    st.table(rows, hide_index=True, border="horizontal", alt="Figures of the compared networks")  # it wraps, and prints
    look_for(f"Interval: {sentence('interval')} Trained parameters are those that training changed.")
    odd = dict.fromkeys(each.what for network in networks if (each := network.doubtful))
    if odd:
        look_for(f"Doubtful images of the test split: {'; '.join(odd)}. They say little; Mistakes marks them.")
    for network in networks:
        if network.evaluation is None:
            _unjudged(network)
        elif network.evaluation.doubt:
            st.warning(f"**{plain(network.title)}:** {plain(network.evaluation.sentence)}", icon=":material/warning:")
    _judge_again([network for network in networks if network.evaluation is not None])


def unlike(titles: Sequence[str]) -> list[str]:
    """Return titles, numbered where they occur twice: a table's columns need names of their own."""
    return [
        f"{title} ({titles[: place + 1].count(title)})" if titles.count(title) > 1 else title
        for place, title in enumerate(titles)
    ]


def _figures(network: Judged) -> dict[str, str]:
    card, evaluation = network.checkpoint.card, network.evaluation
    row: dict[str, str] = {"Data set": datasets.title_of(card.dataset)}
    if evaluation is not None:
        low, high = evaluation.ci95
        without = network.without_doubtful
        row |= {
            "Accuracy": percent(evaluation.accuracy, 2),
            "95 % interval": percent_span(low, high, 1),
            "Images judged": f"{evaluation.n:,}",
            _WITHOUT: f"{percent(without.accuracy, 2)} of {without.n:,}" if without else _NONE_KNOWN,
            "Is it a test accuracy?": f"no, on {evaluation.doubt}" if evaluation.doubt else "yes",
            "Loss": f"{evaluation.loss:.3f} nats",
        }
    return row | {
        "Training time": _training_time(card),
        "Trained parameters": f"{card.trainable_parameters:,}",
        "All parameters": f"{card.parameters:,}",
        "Input": f"{card.image_size}×{card.image_size} px, {'grey' if card.channels == 1 else 'colour'}",
        "Best epoch": f"{card.epoch} of {card.config.epochs}",
        "Recipe": card.config.recipe.replace("_", " "),
        "Seed": str(card.config.seed),
        "Computed on": computed_on(card),
    }


def _training_time(card: Card) -> str:
    """What this training took, and what its backbone had taken before, which is its own."""
    before = backbones_seconds(card.config)
    own = duration(card.seconds)
    if before is None:
        return f"{own}, after its backbone's, which is not known here"
    return f"{own}, after {duration(before)} for its backbone" if before else own


def _unjudged(network: Judged) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(network.title)}** has not been judged: its run was stopped, or is still going on.")
        if _images_are_here(network):
            _judge_button(network, "Judge it on the test split now")
        else:
            dataset = network.checkpoint.card.dataset
            st.caption(f"{plain(datasets[dataset].title)} is not on this machine.")
            link_to_get(dataset)


def _judge_again(networks: Sequence[Judged]) -> None:
    """Offer to judge networks with the images of this machine, and say what such a figure may be called."""
    if not networks:
        return
    with st.expander("Judge again, with the images on this machine", icon=":material/gavel:"):
        st.caption(
            "Stored figures are of the images that a network was tested on when it was trained. If the copy of the "
            "data here is another one, or in another order, a figure made here is not called a test accuracy."
        )
        missing = [network for network in networks if not _images_are_here(network)]
        for network in networks:
            if network not in missing:
                _judge_button(network, f"Judge {plain(network.title)}", again=True)
        for title in dict.fromkeys(datasets[network.checkpoint.card.dataset].title for network in missing):
            st.caption(f"{plain(title)} is not on this machine.")


def _images_are_here(network: Judged) -> bool:
    card = network.checkpoint.card
    return card.dataset not in datasets or availability(card.dataset, card.image_size) != "hub"


def _judge_button(network: Judged, label: str, *, again: bool = False) -> None:
    key = f"judge_{'again_' if again else ''}{network.reference}"
    if st.button(label, key=key, icon=":material/gavel:"):
        try:
            judge_here(network)
        except LabError as error:
            st.error(plain(str(error)), icon=":material/error:")
        else:
            st.rerun()


def intervals(networks: Sequence[Judged]) -> None:
    """Draw each accuracy as a dot with its 95 % interval as a bar; an open dot is no test accuracy."""
    shown = [(network, network.evaluation) for network in networks if network.evaluation is not None]
    names = unlike([network.title for network, _evaluation in shown])
    rows = [_accuracy(name, place, shown[place][1]) for place, name in enumerate(names)]
    sure = [row for row, (_network, evaluation) in zip(rows, shown, strict=True) if not evaluation.doubt]
    words = "; ".join(f"{network.title} {percent(evaluation.accuracy, 1)}" for network, evaluation in shown)
    vega.chart(
        [
            vega.whiskers(rows, along="x", thick=2.5),
            vega.dots(sure, area=150),
            vega.dots([row for row in rows if row not in sure], area=150, hollow=True),
            vega.names_above(rows),
        ],
        x=vega.percents("accuracy, with its 95 % interval", digits=".1f"),
        y=vega.unseen(len(shown) - 0.6, -0.8),
        lines=names,
        named=[],
        height=70 + 58 * len(shown),
        key="compare_intervals",
        alt=f"Accuracies: {words}",
    )
    look_for("Where two bars overlap by much, the difference may be chance; the card above says it exactly.")


def _accuracy(name: str, place: int, evaluation: Evaluation) -> vega.Dot:
    low, high = evaluation.ci95
    says = f"{percent(evaluation.accuracy, 2)} ({percent(low, 2)} to {percent(high, 2)}, n = {evaluation.n:,})"
    return vega.Dot(line=name, x=evaluation.accuracy * 100, y=place, ends=(low * 100, high * 100), says=says)


def by_class(networks: Sequence[Judged]) -> None:
    """Draw each class's recall, for networks that know the same classes as the first."""
    judged = [(network, network.evaluation) for network in networks if network.evaluation is not None]
    classes = judged[0][0].checkpoint.card.classes
    names = unlike([network.title for network, _evaluation in judged])
    rows = [
        vega.Dot(line=name, x=known, y=recall * 100, says=f"{known}: {percent(recall, 1)}")
        for name, (network, evaluation) in zip(names, judged, strict=True)
        if network.checkpoint.card.classes == classes
        for known, recall in zip(classes, evaluation.per_class, strict=True)
        if not math.isnan(recall)
    ]
    shown = [name for name in names if any(row.line == name for row in rows)]
    vega.chart(
        [vega.bars(rows, shown)],
        x=vega.classes(classes),
        y=vega.percents("recognised", zero=True),
        lines=names,
        named=shown,
        height=320,
        key="compare_classes",
        alt="Share recognised, by class",
    )
    look_for(
        "A class that is low for all is hard, or few of its images look like the others; the matrix says for what "
        "it is taken."
    )


_MEASURES: dict[str, tuple[str, Kind]] = {
    "val_accuracy": ("Validation accuracy", "percent"),
    "val_loss": ("Validation loss", "number"),
    "train_loss": ("Training loss", "number"),
}


def curves(networks: Sequence[Judged]) -> None:
    """Draw the curves of training over one another, epoch by epoch."""
    with_history = [network for network in networks if network.checkpoint.card.history]
    if not with_history:
        st.caption("None of these networks has kept its curves.")
        return
    write = from_address(CURVE, list(_MEASURES), key="compare_curve", first="val_accuracy")
    field = st.segmented_control(
        "Curve",
        list(_MEASURES),
        format_func=lambda field: choice(_MEASURES[field][0]),
        required=True,
        key="compare_curve",
        on_change=write,
        label_visibility="collapsed",
    )
    measure, kind = _MEASURES[str(field)]
    lines = []
    for index, network in enumerate(with_history):
        history = network.checkpoint.card.history
        lines.append(
            Line(
                name=network.title,
                x=[done.epoch for done in history],
                y=[getattr(done, field) for done in history],
                colour=index,
                dots=len(history) < 40,
            )
        )
    line_chart(
        lines,
        key="compare_curves",
        title=f"{measure} ({'%' if kind == 'percent' else 'nats'})",
        alt=f"{measure} over the epochs for {', '.join(network.title for network in with_history)}",
        x_label="epoch",
        x_name="epoch",
        y_kind=kind,
        x_from=0,
        may_log=kind == "number",
    )
    look_for(
        "Which one learns faster, and which one is still rising when it ends? A steeper start is not a better end."
    )
