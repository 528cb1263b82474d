"""Paths behind which no ordinary file or folder stands, or none that may be opened; nothing here opens a pipe."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def special_kind(path: Path) -> str | None:
    """Say what a path leads to that is no file or folder to be read; None for one that is, or for nothing at all."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return _unreachable(path, error)
    if stat.S_ISFIFO(mode):
        return "is a pipe, which can be read only once; hand it over as standard input: expert advise - < PIPE."
    if stat.S_ISSOCK(mode):
        return "is a socket, and no file."
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return "is a device, and no file; expert advise - reads standard input."
    needed = os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)
    if not os.access(path, needed):
        return "may not be read: permission denied."
    return None


def _unreachable(path: Path, error: OSError) -> str | None:
    if error.errno == errno.ELOOP:
        return "is a link that leads in a circle."
    if error.errno in (errno.EACCES, errno.EPERM):
        return "lies in a folder that may not be entered: permission denied."
    if os.path.islink(path):
        return f"is a link to {os.readlink(path)!r}, which does not exist."
    return None
