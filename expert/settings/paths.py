"""Paths as settings mean them: absolute, and matched by patterns."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath


def placed(path: str | os.PathLike[str]) -> str:
    """The absolute path of a file whose folder is taken for what it really is; a link to a file keeps its own name."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def pattern_in(folder: str, pattern: str) -> str:
    """The pattern as it is meant in a folder; one without a slash is about names alone and means the same anywhere."""
    if "/" not in pattern or os.path.isabs(pattern):
        return pattern
    import glob  # most calls come without patterns

    return posixpath.normpath(f"{glob.escape(PurePath(folder).as_posix())}/{pattern}")


def matches(path: str | os.PathLike[str], pattern: str) -> bool:
    """Whether the pattern means this file. ``*`` stays within a folder, ``**`` stands for any number of them; without a
    slash it is about the file's name alone.
    """
    if "/" not in pattern:
        return fnmatchcase(os.path.basename(path), pattern)
    wanted = pattern_in(os.path.realpath(os.curdir), pattern)
    return _match(PurePath(placed(path)).as_posix().split("/"), wanted.split("/"))


def _match(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    if not patterns:
        return not parts
    first, rest = patterns[0], patterns[1:]
    if first == "**":
        return any(_match(parts[start:], rest) for start in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], first) and _match(parts[1:], rest)
