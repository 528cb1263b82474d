"""``expert watch``: follow a log that is being written, and tell each finding when it appears."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from expert.commands.command import FOUND, UNUSABLE, Subcommands, complain
from expert.commands.following import Pace, Stamp, stamp
from expert.commands.interrupting import interruptible
from expert.commands.judging import add_run, columns_of, judged, run_asked_for
from expert.commands.options import add_settings, in_use
from expert.commands.plugin_options import add_plugins, with_plugins
from expert.commands.progress import Progress
from expert.commands.standard_input import SIGN
from expert.commands.telling import Telling
from expert.errors import ExpertError, SourceError
from expert.render.color import colored, wants_color
from expert.render.escape import printable

if TYPE_CHECKING:
    from expert.advice import Advice
    from expert.history import History, Series
    from expert.settings import Settings

EVERY = 2.0
"""Seconds between two looks at whether the log has grown."""
ENDS = (
    "Ctrl-C ends it (exit status 130). Where it ends by itself the status is that of advise: 1 where a finding counts "
    "(--fail-on), 2 where the log could not be read, else 0."
)


def add(commands: Subcommands) -> None:
    """Describe the command to the parser."""
    watch = commands.add_parser("watch", help="follow a log that grows, and tell each finding once", epilog=ENDS)
    watch.add_argument("path", metavar="PATH", help="a log, as for expert advise; it need not be there yet")
    watch.add_argument(
        "--every", type=_seconds, default=EVERY, metavar="SECONDS", help="how often to look whether it has grown"
    )
    watch.add_argument(
        "--until-idle", type=_seconds, metavar="SECONDS", help="end when the log has not changed for so long"
    )
    watch.add_argument("--until-found", action="store_true", help="end as soon as a finding counts (--fail-on)")
    add_run(watch)
    add_settings(watch)
    add_plugins(watch)
    watch.set_defaults(run=_watch)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError
    return seconds


_seconds.__name__ = "number of seconds above 0"  # argparse names the type in its complaint


def _watch(options: argparse.Namespace) -> int:
    if options.path == SIGN:
        raise ExpertError("expert watch follows a file; expert advise - reads what comes through a pipe.")
    watching = _Watching(Path(options.path), options, with_plugins(in_use(options).settings, options))
    with interruptible() as interruption:
        try:
            _prepare(watching.settings)
            while True:
                watching.look()
                interruption.check()
                if watching.is_over():
                    break
                time.sleep(options.every)
        finally:
            watching.tell(settled=True)
            watching.progress.clear()
    return watching.status()


def _prepare(settings: Settings) -> None:
    """Load the knowledge before the first reading, so that it does not count as a cost of reading."""
    import expert.pipeline  # noqa: F401
    from expert.knowledge import load
    from expert.plugins import named_in_environment

    load(named_in_environment(), settings.plugins)


class _Watching:
    """One log, what was read of it last, and what was told."""

    def __init__(self, path: Path, options: argparse.Namespace, settings: Settings) -> None:
        self.path, self.options, self.settings = path, options, settings
        self.progress = Progress(sys.stderr)
        self._pace, self._telling = Pace(), Telling()
        self._seen: Stamp | None = None
        self._read: Stamp | None = None
        """The state of the log when it was seen and when it was read last."""
        self._changed = float("inf")
        """When it was seen to change last; never yet."""
        self._run: History | None = None
        self._runs = 0
        self._in_doubt = False
        """The last reading showed another run, or fewer of them; the next one decides."""
        self._advice: Advice | None = None
        self._problem: ExpertError | None = None
        self._complained: set[str] = set()

    def look(self) -> None:
        """Read the log if it has changed and it is time to; tell what is new."""
        now = stamp(self.path)
        if now != self._seen or self._changed == float("inf"):
            self._seen, self._changed = now, time.monotonic()
        if now is None:
            self.progress.show(f"waiting for {printable(str(self.path))}")
        elif now == self._read:
            self.tell(settled=True)
        elif self._pace.may_read():
            with self._pace:
                self._take()
            if not self._in_doubt:
                self._read = now
                self.tell(settled=False)
        self._show()

    def _take(self) -> None:
        from expert.advising import read_runs

        number = self.options.run_number
        try:
            runs = read_runs(self.path, columns=columns_of(self.options), plugins=self.settings.plugins)
            run = runs[-1] if number is None else run_asked_for(runs, number, repr(str(self.path)))
            advice = judged(run, self.options, self.settings)
        except SourceError as problem:  # it may be half written
            self._problem = problem
            return
        if self._run is not None and (len(runs) != self._runs or not _goes_on(self._run, run)):
            if not self._in_doubt and len(runs) <= self._runs:  # it may be half written
                self._in_doubt = True
                return
            self._say(printable(f"{_time()} another run begins: {run.source or self.path}"))
            self._telling = Telling()
        self._run, self._runs, self._advice, self._problem = run, len(runs), advice, None
        self._in_doubt = False

    def tell(self, *, settled: bool) -> None:
        """Print what is new; ``settled`` where the log stays as it was read."""
        if self._problem is not None and settled and str(self._problem) not in self._complained:
            self._complained.add(str(self._problem))
            self.progress.clear()
            complain(self._problem)
        if self._advice is None or self._run is None:
            return
        from expert.render.text import one_finding

        for change in self._telling.take(self._advice, settled=settled):
            at = _position(self._run)
            if change.what == "found":
                text = one_finding(change.finding, self._advice)
                self._say(f"{_time()} at {at}\n{colored(text, wants_color(sys.stdout))}\n")
            else:
                gone = f"{change.finding.name} ({change.finding.rule})"
                self._say(printable(f"{_time()} at {at}: no longer found: {gone}"))

    def is_over(self) -> bool:
        """Whether one of the reasons to end by itself has come."""
        if self.options.until_found and self._counts():
            return True
        limit = self.options.until_idle
        return limit is not None and time.monotonic() - self._changed >= limit and self._seen == self._read

    def status(self) -> int:
        """The exit status."""
        if self._advice is None:
            if self._problem is None:
                complain(SourceError(f"There is no file or folder {str(self.path)!r}."))
            return UNUSABLE
        return FOUND if self._counts() else 0

    def _counts(self) -> bool:
        return self._advice is not None and self._advice.fails(self.settings.fail_on)

    def _say(self, text: str) -> None:
        self.progress.clear()
        print(text, flush=True)

    def _show(self) -> None:
        if self._run is None or self._advice is None:
            return
        shown = [_position(self._run), *(_last(one) for role in SHOWN if (one := self._run.get(role)) is not None)]
        serious = sum(one.severity != "info" for one in self._advice.findings)
        shown.append(f"{serious} finding{'s' * (serious != 1)}" if serious else self._advice.verdict.replace("_", " "))
        self.progress.show(" · ".join(shown))


SHOWN = ("train.loss", "val.loss")
"""Roles whose last values stand in the line of progress."""


def _time() -> str:
    return time.strftime("%H:%M:%S")


def _main(run: History) -> Series | None:
    return next((one for role in SHOWN if (one := run.get(role)) is not None), run.series[0] if run.series else None)


def _goes_on(before: History, now: History) -> bool:
    """Whether the later of two readings shows the same run: nothing is gone, and it begins as it did."""
    old, new = _main(before), _main(now)
    if old is None or new is None or not len(old) or not len(new):
        return True
    return len(new) >= len(old) and (new.at[0], repr(new.values[0])) == (old.at[0], repr(old.values[0]))


def _position(run: History) -> str:
    series = _main(run)
    return f"{series.clock} {series.at[-1]:g}" if series is not None and len(series) else "the beginning"


def _last(series: Series) -> str:
    return f"{series.role} {series.values[-1]:.4g}" if len(series) else f"{series.role}"
