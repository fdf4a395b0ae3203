"""The numbers and choices of a training as fields of its form: title, bounds, unit and what each one does."""

from core.config import OPTIMIZERS, SCHEDULES
from core.registry import Setting
from pages._ui.glossary import linked

FIRST = (
    Setting(name="epochs", title="Epochs", low=1, high=500, help=linked("epoch")),
    Setting(name="batch_size", title="Batch size", low=2, high=4096, unit="images", help=linked("batch size")),
    Setting(name="learning_rate", title="Learning rate", low=1e-5, high=10.0, step=0.005, help=linked("learning rate")),
    Setting(name="seed", title="Seed", low=0, high=2**31 - 1, help=linked("seed")),
)
OPTIMIZER = (
    Setting(name="optimizer", title="Optimizer", choices=OPTIMIZERS, help=linked("optimizer")),
    Setting(name="momentum", title="Momentum", low=0.0, high=0.999, step=0.05, help=linked("momentum")),
    Setting(name="nesterov", title="Nesterov momentum", help="Looks at the gradient one step ahead; needs momentum."),
    Setting(name="weight_decay", title="Weight decay", low=0.0, high=1.0, step=1e-4, help=linked("weight decay")),
    Setting(
        name="norm_shift_rate",
        title="BatchNorm shifts learn",
        low=1.0,
        high=100.0,
        step=1.0,
        unit="times as fast",
        help="In few epochs the shifts of BatchNorm have to move quickly. 1: all parameters learn at one rate.",
    ),
    Setting(
        name="label_smoothing",
        title="Label smoothing",
        low=0.0,
        high=0.5,
        step=0.05,
        help=(
            "This much of each label's probability is spread over all classes: 0.1 asks for 91 % certainty with ten "
            "classes, 95 % with two."
        ),
    ),
    Setting(
        name="patience",
        title="Early stopping after",
        low=0,
        high=500,
        unit="epochs",
        help=f"{linked('early stopping')} 0 trains to the end.",
    ),
)
START_SIZE = Setting(
    name="start_size",
    title="Images grow from (empty: one size)",
    low=8,
    help="Training images begin at this side in pixels and grow to the full one: early epochs are several times "
    "faster.",
)
SCHEDULE = (
    Setting(
        name="schedule",
        title="Schedule",
        choices=SCHEDULES,
        help="constant: no change; step: times γ every few epochs (StepLR); one cycle: up, then down to zero.",
    ),
    Setting(
        name="step_size", title="Step every", low=1, high=500, unit="epochs", help="How often the rate is multiplied."
    ),
    Setting(name="gamma", title="Step factor γ", low=0.01, high=1.0, step=0.05, help="What the rate is multiplied by."),
)
