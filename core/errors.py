"""The few exceptions the core raises on purpose.

The message of each is one sentence for people: what is wrong and what to do. Pages show it as it is,
the command line prints it on standard error and exits with status 1.
"""


class LabError(Exception):
    """A failure somebody can act on; ``str(error)`` is the sentence to show."""


class ConfigError(LabError):
    """A setting is out of range, unknown, or does not fit another one."""


class DataError(LabError):
    """A data set cannot be had, read or split."""


class ModelError(LabError):
    """A network cannot be built for this input, or its weights cannot be had."""


class CheckpointError(LabError):
    """A model file is missing, damaged, from elsewhere, or of a newer schema."""


class OtherBackboneError(CheckpointError):
    """A saved state is whole, but the frozen backbone that it was trained on has been replaced meanwhile."""


class OtherSplitError(CheckpointError):
    """A saved state is whole, but the images have been split into training and test in another way meanwhile."""


class ExportError(LabError):
    """A network or what was found with it cannot be written in the wanted form."""


class PhotoError(LabError):
    """A picture from outside cannot be used."""


class RunError(LabError):
    """A run cannot be stored, queued, stopped or resumed."""


def short(value: object) -> str:
    """Return a value as a sentence quotes it: as Python writes it, at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
