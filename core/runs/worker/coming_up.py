"""What a training needs imported, before it stands in line for its turn: seconds on one core, each process for itself.

Imported in a turn, it would keep every other process of the lab from computing meanwhile.
"""

import gc


def import_all() -> None:
    """Import it where it has not been yet; in a forked worker it has.

    Garbage is not looked for meanwhile: modules are none, and to find that out takes a fifth of the time.
    """
    gc.disable()
    try:
        import core.explain.filters.time_lapse
        import core.explain.probes
        import core.judging.curve.chance_level
        import core.judging.evaluation
        import core.training.session  # noqa: F401
    finally:
        gc.enable()
