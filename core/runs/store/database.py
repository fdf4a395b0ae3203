"""The store's file and its tables, of every schema so far."""

from pathlib import Path

from core.runs.records import StoreError
from core.sqlite.file import SqliteFile

# Entry n takes a store from schema n to n + 1. Never edit an entry that has been released: add one.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT '',
        config TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'queued',
        reason TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        log TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        started REAL,
        ended REAL,
        ticket INTEGER NOT NULL,              -- age in the queue: lower is older
        front INTEGER NOT NULL DEFAULT 0,     -- 1: lost its worker, goes ahead of the queue
        again INTEGER NOT NULL DEFAULT 0,     -- 1: interrupted, and to be queued again without being asked
        losses INTEGER NOT NULL DEFAULT 0,    -- workers lost in a row without a newer saved state
        fence INTEGER NOT NULL DEFAULT 0,     -- counts claims; a worker's writes name the one it came with
        claimed_step INTEGER NOT NULL DEFAULT 0,
        handle TEXT NOT NULL DEFAULT '',      -- the executor's name for the worker, kept until it is known gone
        beat REAL NOT NULL DEFAULT 0,         -- when the worker was last heard of
        threads INTEGER,                      -- the same for every worker of this run: sums depend on it
        split TEXT NOT NULL DEFAULT '',       -- fingerprint of the images it began with
        device TEXT NOT NULL DEFAULT '',
        step INTEGER NOT NULL DEFAULT 0,
        steps_total INTEGER NOT NULL DEFAULT 0,
        epochs_done INTEGER NOT NULL DEFAULT 0,
        images_per_second REAL
    );
    CREATE INDEX runs_by_status ON runs (status, owner);
    CREATE INDEX runs_by_owner ON runs (owner, created);
    CREATE TABLE owners (owner TEXT PRIMARY KEY, served INTEGER NOT NULL);
    CREATE TABLE steps (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        loss REAL,                            -- NULL: not a finite number
        learning_rate REAL NOT NULL,
        images INTEGER NOT NULL,
        seconds REAL NOT NULL,
        PRIMARY KEY (run, step)
    ) WITHOUT ROWID;
    CREATE TABLE epochs (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        step INTEGER NOT NULL,                -- the last step of this epoch
        train_loss REAL,
        train_accuracy REAL,
        val_loss REAL,
        val_accuracy REAL,
        learning_rate REAL NOT NULL,
        seconds REAL NOT NULL,
        is_best INTEGER NOT NULL,
        PRIMARY KEY (run, epoch)
    ) WITHOUT ROWID;
    CREATE TABLE checkpoints (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        folder TEXT NOT NULL,                 -- inside the run's folder
        kind TEXT NOT NULL,                   -- state: to resume from; best: a model
        step INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (run, folder)
    ) WITHOUT ROWID;
    CREATE TABLE changes (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        status TEXT NOT NULL,
        reason TEXT NOT NULL,
        fence INTEGER NOT NULL
    );
    CREATE INDEX changes_by_run ON changes (run);
    CREATE TRIGGER run_is_new AFTER INSERT ON runs BEGIN
        INSERT INTO changes VALUES (new.id, new.created, new.status, new.reason, new.fence);
    END;
    CREATE TRIGGER run_changes AFTER UPDATE OF status ON runs WHEN old.status <> new.status BEGIN
        INSERT INTO changes
        VALUES (new.id, (julianday('now') - 2440587.5) * 86400.0, new.status, new.reason, new.fence);
    END;
    CREATE TABLE supervisor (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        pid INTEGER NOT NULL,
        process_started REAL NOT NULL
    );
    """,
    """
    ALTER TABLE runs ADD COLUMN features TEXT NOT NULL DEFAULT '';  -- JSON: what keeping features cost, if anything
    """,
    """
    ALTER TABLE runs ADD COLUMN precision TEXT NOT NULL DEFAULT '';  -- what it computes in, and why, for people
    """,
    """
    ALTER TABLE runs ADD COLUMN message_share REAL NOT NULL DEFAULT 0;  -- how much is done of what the message says
    """,
    """
    -- Digits were split at random; what such runs reached is no test accuracy (splits.writers_apart).
    UPDATE runs SET message = replace(message, ': test accuracy ', ': accuracy on writers that it has seen, ')
    WHERE status = 'finished' AND config LIKE '%"dataset": "digits"%' AND split NOT LIKE 'by-writer-%';
    """,
    """
    ALTER TABLE runs ADD COLUMN notice TEXT NOT NULL DEFAULT '';  -- what went otherwise than planned, for people
    CREATE TABLE leader (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        handle TEXT NOT NULL                  -- of its process; the clock cannot move it
    );
    INSERT INTO leader SELECT one, '{"pid": ' || pid || ', "started": ' || process_started || '}' FROM supervisor;
    DROP TABLE supervisor;
    ALTER TABLE leader RENAME TO supervisor;
    """,
    """
    -- An owner is a browser's secret, by its hash; an owner that is a name is from before, or the command line's.
    ALTER TABLE owners ADD COLUMN nickname TEXT NOT NULL DEFAULT '';
    ALTER TABLE owners ADD COLUMN proof TEXT NOT NULL DEFAULT '';     -- of the key of whoever runs the lab
    ALTER TABLE runs ADD COLUMN stopped_by TEXT NOT NULL DEFAULT '';  -- who asked it to stop
    """,
    """
    ALTER TABLE runs ADD COLUMN shareable INTEGER;                 -- 1: it may share a process; NULL: not known yet
    ALTER TABLE runs ADD COLUMN shared INTEGER NOT NULL DEFAULT 0; -- 1: claimed for a process that it shares
    ALTER TABLE runs ADD COLUMN make_room INTEGER NOT NULL DEFAULT 0; -- 1: asked to save and let others have a turn
    ALTER TABLE runs ADD COLUMN turn_every REAL;                   -- seconds between its turns; NULL: it has no others
    CREATE TABLE shared_workers (
        handle TEXT PRIMARY KEY,
        open INTEGER NOT NULL                 -- 1: it takes in more runs
    );
    """,
    """
    CREATE TABLE classroom (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        number INTEGER NOT NULL,              -- counts classes; who was here before is somebody else in the next
        opened REAL NOT NULL,                 -- 0: there is no class
        code TEXT,                            -- NULL: nobody can join
        cleared REAL NOT NULL,                -- runs that ended before are put away
        stopped TEXT NOT NULL,                -- JSON: runs that were stopped together
        rules TEXT NOT NULL                   -- JSON: what everybody is held to
    );
    CREATE TABLE members (owner TEXT PRIMARY KEY, joined REAL NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE TABLE worksheets (
        id TEXT PRIMARY KEY,
        sheet TEXT NOT NULL,                  -- JSON: parts, questions, what it holds to
        rules TEXT NOT NULL,                  -- JSON: the last of these, which every training that is queued reads
        made REAL NOT NULL,
        open INTEGER NOT NULL                 -- 0: nothing is written into it or handed in
    );
    CREATE TABLE sheet_owners (
        worksheet TEXT NOT NULL REFERENCES worksheets (id) ON DELETE CASCADE,
        owner TEXT NOT NULL,
        begun REAL NOT NULL,
        current INTEGER NOT NULL,             -- 1: it is the one that pages show this owner
        PRIMARY KEY (worksheet, owner)
    ) WITHOUT ROWID;
    CREATE INDEX sheets_by_owner ON sheet_owners (owner, current);
    CREATE TABLE sheet_answers (
        worksheet TEXT NOT NULL REFERENCES worksheets (id) ON DELETE CASCADE,
        owner TEXT NOT NULL,
        question TEXT NOT NULL,
        answer TEXT NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (worksheet, owner, question)
    ) WITHOUT ROWID;
    CREATE TABLE sheet_ticks (
        worksheet TEXT NOT NULL REFERENCES worksheets (id) ON DELETE CASCADE,
        owner TEXT NOT NULL,
        part INTEGER NOT NULL,
        PRIMARY KEY (worksheet, owner, part)
    ) WITHOUT ROWID;
    CREATE TABLE sheet_pictures (
        id TEXT PRIMARY KEY,
        worksheet TEXT NOT NULL REFERENCES worksheets (id) ON DELETE CASCADE,
        owner TEXT NOT NULL,
        part INTEGER NOT NULL,
        caption TEXT NOT NULL,
        kind TEXT NOT NULL,                   -- png, jpeg; curves, figures: JSON
        data BLOB NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX pictures_by_sheet ON sheet_pictures (worksheet, owner);
    CREATE TABLE hand_ins (
        worksheet TEXT NOT NULL REFERENCES worksheets (id) ON DELETE CASCADE,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,                   -- as it was then
        at REAL NOT NULL,
        times INTEGER NOT NULL,
        answers TEXT NOT NULL,                -- JSON: by question
        page BLOB NOT NULL,                   -- HTML, packed
        PRIMARY KEY (worksheet, owner)
    );
    """,
    """
    -- What belongs together in a class is counted or marked, because the clock of a machine jumps.
    ALTER TABLE classroom ADD COLUMN begun INTEGER NOT NULL DEFAULT 0; -- counts how often a class began
    ALTER TABLE members ADD COLUMN place INTEGER NOT NULL DEFAULT 0;   -- who came first; 0: from before it was counted
    ALTER TABLE runs ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;      -- of `classroom` when it was submitted
    ALTER TABLE runs ADD COLUMN away INTEGER NOT NULL DEFAULT 0;       -- 1: put away from console and projector
    ALTER TABLE runs ADD COLUMN with_all INTEGER NOT NULL DEFAULT 0;   -- 1: its teacher stopped it together with others
    UPDATE classroom SET begun = 1 WHERE opened > 0;
    UPDATE runs SET begun = 1 WHERE created >= (SELECT opened FROM classroom WHERE opened > 0);
    UPDATE runs SET away = 1 WHERE ended <= (SELECT cleared FROM classroom);
    UPDATE runs SET with_all = 1 WHERE status IN ('stopping', 'stopped') AND id IN (SELECT value FROM classroom,
        json_each(iif(json_valid(stopped), stopped, '[]')));
    CREATE TRIGGER run_waits AFTER UPDATE OF status ON runs
    WHEN new.status = 'queued' AND (new.away OR new.with_all) BEGIN
        UPDATE runs SET away = 0, with_all = 0 WHERE id = new.id;
    END;
    """,
    """
    -- The runs that go along with a worksheet: submitted by who had begun it, whatever the clock said.
    CREATE TABLE sheet_runs (
        worksheet TEXT NOT NULL REFERENCES worksheets (id) ON DELETE CASCADE,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        PRIMARY KEY (worksheet, run)
    ) WITHOUT ROWID;
    CREATE INDEX sheets_by_run ON sheet_runs (run);
    INSERT INTO sheet_runs SELECT worksheet, runs.id FROM sheet_owners JOIN runs USING (owner)
        WHERE runs.created >= sheet_owners.begun AND runs.reason <> 'brought';
    """,
)
SCHEMA = len(MIGRATIONS)


class Database(SqliteFile):
    """The store's file; raises StoreError with a sentence."""

    def __init__(self, path: Path) -> None:
        """Open the store's file at ``path``, making it where it is missing."""
        super().__init__(path, migrations=MIGRATIONS, error=StoreError)
