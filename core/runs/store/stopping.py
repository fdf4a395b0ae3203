"""Asking runs to stop: what waits leaves the queue now, what is at work stops after its next step."""

import sqlite3
import time

from core.rights import Person


def stop(connection: sqlite3.Connection, condition: str, values: tuple[str, ...], *, by: Person) -> int:
    """Ask the runs of a condition (SQL, with its ``values``) to stop, and return how many do that had not been asked.

    A run that is to go on by itself waits, too; one that has ended stays as it is.
    """
    waiting = connection.execute(
        "UPDATE runs SET status = 'stopped', reason = 'asked', message = '', again = 0, ended = ?, stopped_by = ?"
        f" WHERE ({condition}) AND (status = 'queued' OR (status = 'interrupted' AND again))",
        (time.time(), by.owner, *values),
    )
    at_work = connection.execute(
        f"UPDATE runs SET status = 'stopping', stopped_by = ? WHERE ({condition}) AND status = 'running'",
        (by.owner, *values),
    )
    return waiting.rowcount + at_work.rowcount
