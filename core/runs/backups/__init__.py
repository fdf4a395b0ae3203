"""All that a class has made, as one file (`back_up`), and out of it again (`restore`)."""

from core.runs.backups.backup import Contents, back_up, restore
from core.runs.backups.parts import BackupError

__all__ = ["BackupError", "Contents", "back_up", "restore"]
