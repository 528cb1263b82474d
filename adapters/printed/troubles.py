"""How a run ended, as far as its output tells: an exception that nobody caught, a kill, a hand on the keyboard."""

from __future__ import annotations

import re

_LAST_LINE = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Z]\w*)(?:: (.*))?")
"""The line behind the frames of a traceback: the exception and what it says."""
_MEMORY = re.compile(r"out of memory|OutOfMemory|oom[-_ ]kill|OOM when allocating|MemoryError", re.IGNORECASE)
_KILLS = re.compile(
    r"(?:.*\s)?Killed\s*|.*Segmentation fault.*|.*Bus error.*|.*oom[-_ ]kill.*|.*Aborted \(core dumped\).*"
    r"|.*CUDA out of memory.*|.*exit(?:ed with exit)? code -9\b.*|.*Detected .*oom.*"
)
_LIMITS = re.compile(r".*CANCELLED AT .*|.*DUE TO TIME LIMIT.*|.*DUE TO PREEMPTION.*")
_WORDS = ("Traceback", "Error", "Killed", "memory", "fault", "CANCELLED", "DUE TO", "oom", "Aborted", "exit")
LONGEST = 160
"""Characters of a message that are kept."""


class Troubles:
    """Watches the lines that are none of the training's own."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str, str]] = []
        """Rows before it, kind of event, text."""
        self._traceback = False

    def line(self, text: str, rows: int) -> None:
        """Take a line that stands behind so many rows."""
        if self._traceback:
            self._in_traceback(text, rows)
        elif any(word in text for word in _WORDS):
            if text.lstrip().startswith("Traceback (most recent call last)"):
                self._traceback = True
            elif _LIMITS.fullmatch(text):
                self._tell(rows, "stopped", f"stopped from outside: {text.strip()[:LONGEST]}")
            elif _KILLS.fullmatch(text):
                self._tell(rows, "crash", self._said(text.strip()))

    def _in_traceback(self, text: str, rows: int) -> None:
        if not text or text[0] in " \t|+^":
            return
        found = _LAST_LINE.fullmatch(text.rstrip())
        if found is None:
            return
        self._traceback = False
        name, message = found[1], found[2] or ""
        if name == "KeyboardInterrupt":
            self._tell(rows, "stopped", "stopped by hand (KeyboardInterrupt)")
        elif name not in ("SystemExit", "GeneratorExit"):
            self._tell(rows, "crash", self._said(f"{name}: {message}" if message else name))

    def _tell(self, rows: int, kind: str, text: str) -> None:
        # Every rank prints its own, and one exception names the next: the first one counts.
        if not any(row == rows for row, _, _ in self.found):
            self.found.append((rows, kind, text))

    @staticmethod
    def _said(message: str) -> str:
        shown = message if len(message) <= LONGEST else message[: LONGEST - 3] + "..."
        return f"out of memory: {shown}" if _MEMORY.search(message) else shown
