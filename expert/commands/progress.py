"""One line of a terminal that is written again and again."""

from __future__ import annotations

import os
import shutil
from typing import TextIO


class Progress:
    """Shows the last of what it was given, in place of what it showed before; nothing where there is no terminal.

    It writes no color and no other escape sequence, so that ``NO_COLOR`` has nothing to turn off.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = 0
        self._wanted = stream.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        """Write the line again."""
        if self._wanted:
            text = text[: shutil.get_terminal_size().columns - 1]
            self._write("\r" + text + " " * (self._shown - len(text)))
            self._shown = len(text)

    def clear(self) -> None:
        """Make room for other lines."""
        if self._shown:
            self._write("\r" + " " * self._shown + "\r")
            self._shown = 0

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
