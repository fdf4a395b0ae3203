"""Whether a folder lies on a disk of another machine, where SQLite's write-ahead log can be damaged."""

from pathlib import Path

import psutil

from core.errors import LabError

_NETWORK = frozenset(
    (
        *("nfs", "nfs3", "nfs4", "cifs", "smbfs", "smb2", "smb3", "afpfs", "ncpfs", "webdav", "davfs", "afs", "drvfs"),
        *("fuse.sshfs", "fuse.davfs", "fuse.rclone", "fuse.s3fs", "fuse.ceph", "fuse.glusterfs", "vboxsf", "prl_fs"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "pvfs2"),
    )
)


def refuse_network_disk(folder: Path, *, error: type[LabError]) -> None:
    """Raise ``error`` where ``folder`` lies on a network file system, on which SQLite's WAL can be damaged."""
    folder = folder.resolve()
    best = ""
    kind = ""
    for part in psutil.disk_partitions(all=True):
        if folder.is_relative_to(part.mountpoint) and len(part.mountpoint) >= len(best):
            best = part.mountpoint
            kind = "remote" if "remote" in part.opts.split(",") else part.fstype.lower()
    if kind in _NETWORK or kind == "remote" or str(folder).startswith("\\\\"):
        raise error(
            f"The lab's folder lies on a network file system ({kind or 'a share'}), where its store could be damaged; "
            "set CNN_LAB_HOME to a folder on a local disk."
        )
