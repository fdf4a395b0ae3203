"""The join code of an own set: six letters by which phones find it, closed until its owner opens it."""

from core.data.own.records import OwnSet, OwnSetError
from core.data.own.store.sets import OwnSets
from core.names import new_code, typed_code
from core.rights import CODES, Person


class Joining:
    """Who may join the sets of one home."""

    def __init__(self, sets: OwnSets) -> None:
        self.sets = sets

    def open(self, set_id: str, *, by: Person) -> str:
        """Let people join a set, and return its code: the one that is open already, or a new one."""
        return self.sets.get(set_id).code or self.rotate(set_id, by=by)

    def rotate(self, set_id: str, *, by: Person) -> str:
        """Give a set another code and return it; who knows the old one alone can no longer add pictures."""
        with self.sets.changing(set_id, by=by, act="open") as connection:
            while True:
                code = new_code()
                if not connection.execute("SELECT 1 FROM sets WHERE code = ?", (code,)).fetchone():
                    break
            connection.execute("UPDATE sets SET code = ? WHERE id = ?", (code, set_id))
        return code

    def close(self, set_id: str, *, by: Person) -> None:
        """Let nobody join a set any more; what was added stays."""
        with self.sets.changing(set_id, by=by, act="close") as connection:
            connection.execute("UPDATE sets SET code = NULL WHERE id = ?", (set_id,))

    def find(self, typed: str, *, by: Person) -> OwnSet:
        """Return the set that a code opens, as somebody typed it: small letters, spaces and hyphens do not matter.

        Raises OwnSetError, one sentence, where there is none, RightsError where too many were tried.
        """
        code = typed_code(typed, error=OwnSetError)
        with self.sets.database.reading() as connection:
            row = connection.execute("SELECT id FROM sets WHERE code = ?", (code,)).fetchone()
        if not CODES.judge(code, right=row is not None, by=by):
            raise OwnSetError("No set is open under this code; look at it once more, or ask whether it has changed.")
        return self.sets.get(row["id"])
