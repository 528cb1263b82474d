"""`ExpertCallback`: watches a training by ``model.fit`` without changing it."""

from __future__ import annotations

import os
import warnings
import weakref
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

import keras

from expert.adapters.keras.fit_call import arguments_of, callback_list_of, fit_call
from expert.adapters.keras.profile.data import can_be_shown, read_fit_data, read_shown_data
from expert.adapters.keras.profile.profiles import read_profiles
from expert.adapters.keras.seen_samples import tell_of_arrays
from expert.adapters.keras.training import Training
from expert.adapters.live.findings import FindingWatch
from expert.adapters.live.options import check_options, open_journal, read_config
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.live.watched import WatchedRun
from expert.errors import SourceError
from expert.history import History, RunConfig
from expert.history.joining import join
from expert.history.journal import Journal, is_journal

if TYPE_CHECKING:
    from expert import Advice, Finding

NAME = "ExpertCallback"
WRITTEN_EVERY = 1.0
"""Seconds between two writes to the file in the middle of an epoch."""


def harmless(hook: Callable[..., None]) -> Callable[..., None]:
    """A hook that never ends the training: what goes wrong in it is a note in the advice, or a warning.

    Only options that are something else are refused, at the start of the training.
    """

    @wraps(hook)
    def guarded(self: ExpertCallback, *args: Any, **more: Any) -> None:
        try:
            hook(self, *args, **more)
        except SourceError:
            raise
        except Exception as error:
            if self._training is not None:
                self._training.failed(f"serving {hook.__name__}", error)
            else:
                failed = f"in {hook.__name__}: {type(error).__name__}: {error}"
                warnings.warn(f"training-expert does not watch this training; it failed {failed}", stacklevel=2)

    return guarded


class ExpertCallback(keras.callbacks.Callback, WatchedRun):  # type: ignore[misc]  # Keras has no types
    """Watches the training of a Keras model: ``model.fit(..., callbacks=[watcher])``, then ``advise(watcher)``.

    ``path``: an append-only file of the record, any beginning of which can be read. A file that is already there is
    kept under another name, or, where ``fit`` goes on after an epoch (``initial_epoch``, ``BackupAndRestore``), gone on
    with. ``probe``: a batch of inputs that is passed through the model in inference at the end of each epoch, for the
    activations of hidden layers: dead and saturated units. ``data``: True lets the samples be looked into that ``fit``
    is given, once, before it begins; where that is a pipeline or generator, the arrays behind it in its place, as
    `profile_data` takes them; without it only some rows of arrays tell how large inputs and targets are, and how often
    each class comes. ``config`` adds fields of `RunConfig` that cannot be seen.
    ``budget``: share of the training's time that looking into steps may take in the long run (0.01 is one per cent),
    reckoned for the smallest of steps; with larger ones it takes less. ``every=k`` looks at the first ten steps, then
    at every k-th and the one after it. ``on_finding`` is
    called once with each finding that has become certain, at the ends of epochs; ``stop_on`` ("error", "fatal" …) lets
    such a finding end the training. ``quiet``: say nothing at the end, where otherwise one line tells of a finding at
    warning or above.

    Several calls of ``fit`` on one model make one record; another model begins a new one.

    Raises `SourceError` with one sentence for arguments that are something else.
    """

    async_safe = True
    """What Keras asks: whether it may tell of batches from another thread, so that no step waits for it."""

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        probe: Any = None,
        data: Any = None,
        every: int | None = None,
        budget: float = 0.01,
        config: RunConfig | Mapping[str, Any] | None = None,
        on_finding: Callable[[Finding], object] | None = None,
        stop_on: str | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        check_options(NAME, path=path, every=every, budget=budget, on_finding=on_finding, stop_on=stop_on)
        self._options: dict[str, Any] = {
            "path": path,
            "probe": probe,
            "data": data,
            "every": every,
            "budget": budget,
            "on_finding": on_finding,
            "stop_on": stop_on,
            "quiet": quiet,
        }
        if isinstance(probe, str | bytes | int | float):
            raise SourceError(f"{NAME}: probe is {type(probe).__name__}; expected a batch of inputs of the model.")
        if data is not None and not isinstance(data, bool) and not can_be_shown(data):
            raise SourceError(f"{NAME}: data is {type(data).__name__}; expected True, or the arrays, as (x, y).")
        self._config = read_config(NAME, config)
        self._forget()

    def _forget(self) -> None:
        self._training: Training | None = None
        self._findings = FindingWatch(self._options["on_finding"], self._options["stop_on"])
        self._journal: Journal | None = None
        self._base: History | None = None
        self._written_at, self._writing = monotonic(), Lock()
        self._in_fit = self._first_epoch = False
        self._planned: Any = None
        self._watching_list: Any = None
        self._pid = os.getpid()

    # -- what the user asks ---------------------------------------------------------------------------------------

    def history(self) -> History:
        """Everything recorded so far as a `History`."""
        training = self._begun()
        if self._in_fit and not self._alive():
            self._broken_off()
        recorded = training.history()
        return recorded if self._base is None else join((self._base, recorded), History)

    def advise(self, **more: Any) -> Advice:
        """The advice on the training as it stands; takes the keyword arguments of `expert.advise`."""
        from expert import advise

        return advise(self.history(), **more)

    @property
    def stop_reason(self) -> str | None:
        """The finding for which the training was stopped; None where it was not."""
        return self._findings.stop_reason

    def __repr__(self) -> str:
        training = self._training
        if training is None:
            return "<ExpertCallback: no training has begun>"
        name = getattr(training.model, "name", "a model")
        return f"<ExpertCallback: {name}, {training.epochs} epochs, {training.steps} steps>"

    # -- what Keras calls -----------------------------------------------------------------------------------------

    @harmless
    def on_train_begin(self, logs: Any = None) -> None:
        """Watch the optimizers, and learn what model and call tell."""
        model = self._model
        _check_model(model)
        if self._in_fit:
            self._broken_off()
        call = fit_call(model)
        arguments = {} if call is None else arguments_of(call)
        arguments |= {name: value for name, value in dict(self.params or {}).items() if value is not None}
        if self._training is None or self._training.model is not model:
            self._forget()
            telemetry = Telemetry(self._source(), journaled=self._options["path"] is not None)
            options = {name: self._options[name] for name in ("every", "budget", "probe")}
            self._training = Training(model, telemetry, **options)
            self._look_into_data(self._training, arguments)
        training = self._training
        self._in_fit = self._first_epoch = True
        self._profile(training, arguments)
        if not training.steps:
            tell_of_arrays(model, training.telemetry, arguments.get("x"), arguments.get("y"))
        training.begin(arguments.get("steps"), arguments.get("batch_size"))
        if call is not None:
            # Where fit raises, Keras tells nobody; but its list of callbacks goes with it.
            self._watching_list = weakref.ref(callback_list_of(call))
            weakref.finalize(callback_list_of(call), _let_go, weakref.ref(self), weakref.ref(training))
        self._planned = arguments.get("epochs")

    @harmless
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begin an epoch."""
        training = self._training
        if training is None or not self._in_fit:
            return
        first, self._first_epoch = self._first_epoch, False
        if first and self._journal is None and self._base is None:
            self._open(training, epoch)
        if first and training.epochs:
            training.telemetry.event("restart", training.steps, "fit was called again")
        training.epoch_begins(epoch, first=first)

    @harmless
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Take the loss that Keras has read anyway."""
        training = self._training
        if training is None or not self._in_fit:
            return
        training.batch_ends(batch, logs or {})
        late = self._journal is not None and monotonic() - self._written_at >= WRITTEN_EVERY
        # Keras may tell of several batches at once; one of them is enough to write.
        if late and self._writing.acquire(blocking=False):
            try:
                self._written_at = monotonic()
                training.in_between()
                self._write()
            finally:
                self._writing.release()

    @harmless
    def on_test_begin(self, logs: Any = None) -> None:
        """The training steps of the epoch are over."""
        if self._training is not None and self._in_fit:
            self._training.validation_begins()

    @harmless
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the epoch, and tell what has become certain."""
        training = self._training
        if training is None or not self._in_fit:
            return
        training.epoch_ends(epoch, dict(logs or {}))
        self._write()
        if self._findings.wanted:
            self._findings.take(self.advise())
            if self._findings.stop_reason is not None:
                self._model.stop_training = True

    @harmless
    def on_train_end(self, logs: Any = None) -> None:
        """Leave the model as it was, and say the worst that was found, in one line."""
        training = self._training
        if training is None or not self._in_fit:
            return
        self._in_fit = False
        training.end()
        if isinstance(self._planned, int) and training.epochs < self._planned:
            text = f"fit ended after epoch {training.epochs} of {self._planned}"
            training.telemetry.event("stopped", training.steps, text)
        self._write()
        if not self._options["quiet"]:
            self._last_word()

    # -- parts of it ----------------------------------------------------------------------------------------------

    def _begun(self) -> Training:
        if self._training is None:
            raise SourceError(f"{NAME}: no training has begun yet; give it to model.fit in callbacks=[...] first.")
        return self._training

    def _source(self) -> str:
        path = self._options["path"]
        return "the watched training" if path is None else os.fspath(path)

    def _profile(self, training: Training, arguments: Mapping[str, Any]) -> None:
        telemetry = training.telemetry
        told = read_profiles(training.model, arguments)
        for record, profile in (("config", told.config), ("model", told.model), ("data", told.data)):
            telemetry.know(record, **{name: value for name, value in profile if value is not None})
        for note in told.notes:
            telemetry.note(note)
        telemetry.know("config", **{name: value for name, value in self._config if value is not None})

    def _look_into_data(self, training: Training, arguments: Mapping[str, Any]) -> None:
        data = self._options["data"]
        if data is None or data is False:
            return
        try:
            shown = read_fit_data(arguments) if data is True else read_shown_data(data, arguments)
        except SourceError as error:
            training.telemetry.note(str(error))
            return
        training.telemetry.know("data", **{name: value for name, value in shown.data if value is not None})
        for note in shown.notes:
            training.telemetry.note(note)

    def _open(self, training: Training, epoch: int) -> None:
        """Begin the file, or go on with the one that the epochs before this one were written to."""
        path = self._options["path"]
        resume = path is not None and epoch > 0 and not training.epochs and _is_record(Path(path))
        if resume:
            self._resume(training, History.load(path).until(epoch=epoch), epoch)
        self._journal = open_journal(NAME, path, resume=resume)

    def _resume(self, training: Training, before: History, epoch: int) -> None:
        marks = before.marks
        if marks is None or not len(marks.step):
            return
        seconds = float(marks.seconds[-1]) if marks.seconds is not None else 0.0
        steps = int(marks.step[-1])
        self._base = before
        training.resume_at(steps, epoch, seconds)
        training.telemetry.event("resume", steps + 1, f"resumed after epoch {epoch}")

    def _alive(self) -> bool:
        """Whether the call of ``fit`` that was being watched still goes on."""
        return self._watching_list is None or self._watching_list() is not None

    def _broken_off(self) -> None:
        """``fit`` ended with an exception, of which Keras tells nobody."""
        self._in_fit = False
        training = self._begun()
        try:
            training.broken_off()
        except Exception as error:
            training.failed("recording the end", error)
        training.telemetry.event("crash", training.steps, "fit did not come to its end")
        self._write()

    def _write(self) -> None:
        training = self._training
        assert training is not None
        if self._journal is None:
            training.telemetry.thin()
            return
        if os.getpid() != self._pid:
            return
        fragment = training.telemetry.fragment()
        if fragment is None:
            return
        try:
            self._journal.append(fragment)
        except (OSError, ValueError) as error:
            self._journal = None
            training.telemetry.journaled = False
            training.failed("writing to the file", error)

    def _last_word(self) -> None:
        serious = [one for one in self.advise().findings if one.severity != "info"]
        if serious:
            more = f" and {len(serious) - 1} more" if len(serious) > 1 else ""
            print(f"training-expert: {serious[0]}{more}; print(advise(callback)) says what to do.", flush=True)

    def __getstate__(self) -> dict[str, Any]:
        # A copy watches nothing yet.
        return {"_options": self._options, "_config": self._config}

    def __setstate__(self, state: dict[str, Any]) -> None:
        keras.callbacks.Callback.__init__(self)
        self.__dict__.update(state)
        self._forget()


def _check_model(model: Any) -> None:
    if model is None:
        raise SourceError(f"{NAME}: there is no model; give it to model.fit, or to a CallbackList with model=.")
    if not isinstance(model, keras.Model):
        home = type(model).__module__.split(".")[0]
        raise SourceError(f"{NAME}: the model is of {home} ({type(model).__name__}); expected a model of Keras 3.")


def _is_record(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return is_journal(stream.read(64))


def _let_go(callback: weakref.ref[ExpertCallback], training: weakref.ref[Training]) -> None:
    """The list of callbacks of a call of ``fit`` is gone: so is the call, whether it came to its end or not."""
    watcher, watched = callback(), training()
    if watcher is not None and watcher._in_fit and watcher._training is watched:
        watcher._broken_off()
    elif watched is not None and watcher is None:
        watched.end()
