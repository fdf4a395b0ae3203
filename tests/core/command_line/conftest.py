"""The same store and fake trainings as the tests of runs have."""

from tests.core.runs.conftest import config, store, submit

__all__ = ["config", "store", "submit"]
