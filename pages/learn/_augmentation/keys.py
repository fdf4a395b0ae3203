"""The keys of the Augmentation page's widgets that more than one of its files needs."""

TABS = "chain_tabs"
DATASET = "chain_dataset"
WHICH = "chain_which"

SAFETY_DATASET = "safety_dataset"
SAFETY_RISK = "safety_risk"
SAFETY_IMAGES = "safety_images"

SWEEP = "curve_sweep"
SWEPT_TO = "curve_value"

ARMS_DATASET = "arms_dataset"
ARMS_MODEL = "arms_model"
ARMS_EPOCHS = "arms_epochs"
ARMS_SEED = "arms_seed"
ARMS_LIMIT = "arms_limit"

SEEN_BATCH = "seen_batch"
