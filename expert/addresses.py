"""Where a log lies, as people write it: with ``~``, as an object with a path, or as an address that is no path."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from expert.errors import SourceError

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,3}(?=[^/])")  # a Path has made one slash of two
LONGEST_PATH = 4096
_ON_DISK = frozenset({"file", "sqlite"})


def located(source: str | os.PathLike[str] | os.PathLike[bytes]) -> str | Path:
    """Return the path without ``~``; a text that cannot be one as it is.

    Raises `SourceError` for an address: nothing is fetched from a network.
    """
    named = source if isinstance(source, str) else os.fsdecode(source)
    if not named.strip() or "\n" in named or "\0" in named or len(named) > LONGEST_PATH:
        return source if isinstance(source, str) else Path(named)
    path = Path(named) if os.path.exists(named) else Path(named).expanduser()
    if path.exists():
        return str(path) if isinstance(source, str) else path
    address = _ADDRESS.match(named)
    if address is None or os.path.exists(named):
        return source if isinstance(source, str) else path
    if address[1].lower() in _ON_DISK:
        rest = unquote(named[address.end(1) + 1 :])
        raise SourceError(f"{named!r} is an address and no path; give the path itself: {'/' + rest.lstrip('/')!r}.")
    raise SourceError(
        f"{named!r} is an address, and nothing is fetched from a network: download the log first and give the path of "
        "the file, or pass the numbers themselves, such as wandb.Api().run('entity/project/run').history()."
    )
