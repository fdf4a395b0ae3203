"""Who is served next, written twice: as the SQL of the one claim, and as the places that people are shown.

The order: a run that lost its worker first (it had its turn already), then the owner with the fewest runs at work,
then the owner who was served longest ago, then age. A test holds the two to each other.

Runs that may share a process (`core.runs.sharing`) are taken into one at once, a few of each owner; every other one has
a process of its own, of which there are as many as slots. One that could share, and goes on alone because its process
was lost, waits for none of those: it is small.

``shareable`` of a run is NULL: that is not known yet, 0: it needs a process of its own, 1: it may share one, 2: it may,
and one was lost once while it had its turn, 3: that has happened again, so it goes on alone.
"""

import heapq
import sqlite3
from collections import defaultdict

AT_WORK_SQL = "status IN ('running', 'stopping')"
MAY_SHARE_SQL = "coalesce({run}shareable IN (1, 2), 0)"
SMALL_SQL = "coalesce({run}shareable > 0, 0)"
ALONE = 4  # small runs that go on alone at once

# Whether a run goes to a process that it shares: it is small, and the last process that it had was not lost.
_SHARES = f"(:together > 0 AND {MAY_SHARE_SQL} AND {{run}}losses = 0)"
_PROCESSES = f"""(
    (SELECT count(*) FROM shared_workers) + (SELECT count(*) FROM runs
        WHERE {AT_WORK_SQL} AND shared AND handle NOT IN (SELECT handle FROM shared_workers)))"""
_LOAD = f"(SELECT count(*) FROM runs WHERE {AT_WORK_SQL} AND runs.handle = shared_workers.handle)"
_ROOM_TO_SHARE = f"""(
    ({_PROCESSES} < :slots OR EXISTS (SELECT 1 FROM shared_workers WHERE open AND {_LOAD} < :together))
    AND (SELECT count(*) FROM runs WHERE owner = waiting.owner AND {AT_WORK_SQL} AND shared) < :of_one_owner)"""
_SMALL = SMALL_SQL.format(run="")
_ROOM_ALONE = f"""iif(:together = 0, (SELECT count(*) FROM runs WHERE {AT_WORK_SQL}) < :slots,
    (SELECT count(*) FROM runs WHERE {AT_WORK_SQL} AND NOT shared AND {_SMALL} = {SMALL_SQL.format(run="waiting.")})
    < iif({SMALL_SQL.format(run="waiting.")}, :alone, :slots))"""

# One statement: nobody can come between looking and taking. A run whose last worker is not yet known to be gone waits.
# One that goes to a process that is there is handed over by naming that process's handle.
CLAIM = f"""
    UPDATE runs SET status = 'running', reason = '', message = '', log = '', fence = fence + 1, front = 0, again = 0,
        started = coalesce(started, :now), ended = NULL, beat = beat + 1,
        threads = coalesce(threads, :threads), images_per_second = NULL, turn_every = NULL, make_room = 0,
        claimed_step = (SELECT coalesce(max(step), 0) FROM checkpoints WHERE run = runs.id AND kind = 'state'),
        shared = {_SHARES.format(run="")},
        handle = iif({_SHARES.format(run="")} AND {_PROCESSES} >= :slots, (SELECT handle FROM shared_workers
            WHERE open ORDER BY {_LOAD}, rowid LIMIT 1), '')
    WHERE id = (
        SELECT waiting.id FROM runs AS waiting LEFT JOIN owners USING (owner)
        WHERE waiting.status = 'queued' AND waiting.handle = ''
            AND iif({_SHARES.format(run="waiting.")}, {_ROOM_TO_SHARE}, {_ROOM_ALONE})
        ORDER BY waiting.front DESC,
            (SELECT count(*) FROM runs WHERE owner = waiting.owner AND {AT_WORK_SQL}),
            coalesce(owners.served, 0), waiting.ticket
        LIMIT 1)
    RETURNING id, owner, fence, threads, shared, handle
"""
SERVED = """
    INSERT INTO owners (owner, served) VALUES (?, (SELECT coalesce(max(served), 0) + 1 FROM owners))
    ON CONFLICT (owner) DO UPDATE SET served = excluded.served
"""


def positions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the place in the queue, from 1, of every queued run.

    The places say in which order runs would be taken if those at work went on and each newcomer finished in turn.
    """
    waiting = connection.execute("SELECT id, owner, front FROM runs WHERE status = 'queued' ORDER BY ticket").fetchall()
    at_work = dict(
        connection.execute(f"SELECT owner, count(*) FROM runs WHERE {AT_WORK_SQL} GROUP BY owner").fetchall()
    )
    served = dict(connection.execute("SELECT owner, served FROM owners").fetchall())
    order = [row["id"] for row in waiting if row["front"]]
    lines: dict[str, list[str]] = defaultdict(list)
    for row in reversed(waiting):
        if not row["front"]:
            lines[row["owner"]].append(row["id"])
    age = {row["id"]: place for place, row in enumerate(waiting)}
    heap = [(at_work.get(owner, 0), served.get(owner, 0), age[line[-1]], owner) for owner, line in lines.items()]
    heapq.heapify(heap)
    turn = max(served.values(), default=0)
    while heap:
        busy, _, _, owner = heapq.heappop(heap)
        order.append(lines[owner].pop())
        turn += 1
        if lines[owner]:
            heapq.heappush(heap, (busy, turn, age[lines[owner][-1]], owner))
    return {run_id: place for place, run_id in enumerate(order, start=1)}
