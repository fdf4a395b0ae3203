"""Room on the disk: taken before it is needed, and what it is called when the disk refuses. Standard library only.

A file that is mapped into memory before its room is taken ends the whole process (SIGBUS) on the first page for which
the disk has none. So room is reserved by `reserve`, and what is mapped has been written by then.
"""

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import BinaryIO

_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota on the disk is used up"}
_CLOSED = {
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
}
_NOT_BY_THE_SYSTEM = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # the file system cannot reserve; it can write
_CHUNK = bytes(2**20)
LOW_DISK = 500 * 2**20  # below this much free space nothing new is kept
MARGIN = 64 * 2**20  # bytes that large files leave free for everybody else's small ones


def free_space(folder: Path) -> int:
    """Return the free bytes of the disk that holds ``folder``, or will hold it."""
    return shutil.disk_usage(_there(folder)).free


def writable(folder: Path) -> bool:
    """Whether this process may write into ``folder``, or into what will hold it."""
    return os.access(_there(folder), os.W_OK)


def _there(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def check_room(folder: Path, size: int) -> None:
    """Raise OSError (ENOSPC), with both numbers, where ``size`` bytes in ``folder`` would leave too little free.

    A file leaves as much free as it takes, up to `MARGIN`.
    """
    free, needed = free_space(folder), size + min(size, MARGIN)
    if free < needed:
        raise OSError(errno.ENOSPC, f"{megabytes(needed)} are needed and {megabytes(free)} are free")


def reserve(file: BinaryIO, size: int) -> None:
    """Take the room for ``size`` bytes at the start of an empty file, and leave it positioned there.

    Raises OSError where there is not that much; the file is then empty again, and its room given back. Where a file
    system cannot reserve, zeros are written.
    """
    try:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except AttributeError:  # macOS and Windows
            _write_zeros(file, size)
        except OSError as error:
            if error.errno not in _NOT_BY_THE_SYSTEM:
                raise
            _write_zeros(file, size)
        file.seek(0)
    except OSError:
        with contextlib.suppress(OSError):
            file.seek(0)
            file.truncate()
        raise


def _write_zeros(file: BinaryIO, size: int) -> None:
    for start in range(0, size, len(_CHUNK)):
        file.write(_CHUNK[: size - start])
    file.flush()
    os.fsync(file.fileno())


def refusal(error: BaseException | None) -> str | None:
    """Return what the disk refused, as a clause; None where neither ``error`` nor its causes are the disk's."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL | _CLOSED:
            clause = (_FULL | _CLOSED)[error.errno]
            own = error.strerror and error.strerror != os.strerror(error.errno)
            return f"{clause} ({error.strerror})" if own else clause
        error = error.__cause__ or error.__context__
    return None


def sentence(what: str, error: OSError) -> str:
    """Return a sentence: ``what`` could not be done (no full stop), why, and what to do."""
    why = refusal(error)
    if why is None:
        return f"{what}: {error.strerror or error}."
    if error.errno in _CLOSED:
        return f"{what}: {why}. Make it writable, or set CNN_LAB_HOME to a folder that is."
    return f"{what}: {why}. Free some space, for example by deleting old runs, and try again."


def megabytes(size: int) -> str:
    """Return a number of bytes as people read it: "184 MB"."""
    return f"{size / 2**10:,.0f} KB" if 0 < size < 2**20 else f"{size / 2**20:,.0f} MB"
