"""What the callbacks of trainers share: a run that begins and ends with the training, and what is said at the end."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ClassVar, Self

from expert.adapters.live.watched import WatchedRun
from expert.adapters.torch.metrics import as_number
from expert.errors import SourceError
from expert.history import History, RunConfig
from expert.history.roles import match_columns, snake

if TYPE_CHECKING:
    from expert import Advice
    from expert.adapters.torch.run import Run

SUBJECTS = ("train.", "val.", "test.", "train_eval.")
"""Of what a trainer logs these roles are taken; rates, norms and times are measured by the run itself."""


class TrainingCallback(WatchedRun):
    """The part of a callback that knows no trainer.

    A trainer wants its callbacks to derive from its own class. That class is looked for when a callback is made, not
    when this module is loaded: `__new__` returns an instance of a class derived from the callback's and from the
    trainers' classes, of those in ``homes`` (module, name) that are loaded, or else of the first that is installed.
    """

    homes: ClassVar[Sequence[tuple[str, str]]] = ()
    run: Run | None
    """The run of the training that is going on, or of the last one."""

    def __new__(cls, *_args: Any, **_options: Any) -> Self:
        """An instance of the class derived from this one and those of the trainers."""
        bases = tuple(base for base in _loaded(cls.__name__, cls.homes) if not issubclass(cls, base))
        return super().__new__(_derived(cls, bases) if bases else cls)

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        every: int | None = None,
        stop: str | None = None,
        config: RunConfig | Mapping[str, Any] | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        self.run = None
        self._options: dict[str, Any] = {"path": path, "every": every, "stop_on": stop}
        self._config, self._quiet = config, quiet
        self._measured: dict[str, Any] = {}
        """What was measured since the last epoch was recorded."""
        self._epoch_over = False
        self._chief = True

    def history(self) -> History:
        """Everything recorded so far as a `History`."""
        return self._begun().history()

    def advise(self, **more: Any) -> Advice:
        """The advice on the training as it stands; takes the keyword arguments of `expert.advise`."""
        return self._begun().advise(**more)

    def _begun(self) -> Run:
        if self.run is None:
            raise SourceError(f"{type(self).__name__}: no training has begun yet; give it to a trainer first.")
        return self.run

    def _begin(self, model: Any, known: Mapping[str, Any], chief: bool, **parts: Any) -> Run:
        """Watch a training that begins. ``known``: fields of RunConfig; ``chief``: this process speaks and writes."""
        from expert.adapters.torch.watching import watch

        self._close()
        self.run, self._chief, self._epoch_over, self._measured = None, chief, False, {}
        options = self._options | ({} if chief else {"path": None})
        told: Any = self._config
        if told is None or isinstance(told, RunConfig | Mapping):
            told = {name: value for name, value in known.items() if value is not None}
            told |= {name: value for name, value in dict(self._config or {}).items() if value is not None}
        self.run = watch(model, config=told, **(options | parts))
        return self.run

    def _resume(self, run: Run, state: Mapping[str, Any]) -> None:
        """Go on with the record of a checkpoint; one that cannot be read is no reason to end a training."""
        try:
            run.load_state_dict(state)
        except SourceError as error:
            run.telemetry.note(f"What came before the checkpoint is not known: {error}")

    def _epoch(self) -> None:
        """Record the epoch that is over, with what was measured since the one before."""
        if self.run is not None and self._epoch_over:
            self._epoch_over, measured, self._measured = False, self._measured, {}
            self.run.epoch(**measured)

    def _end(self) -> None:
        """The training has come to its end: close the run and say the worst that was found, in one line."""
        self._epoch()
        self._close()
        if self.run is None or self._quiet or not self._chief:
            return
        try:
            advice = self.run.advise()
            serious = [one for one in advice.findings if one.severity != "info"]
            if serious:
                more = f" and {len(serious) - 1} more" if len(serious) > 1 else ""
                print(f"training-expert: {serious[0]}{more}; print(advise(callback)) says what to do.", flush=True)
        except Exception as error:  # the training is over and its result must not depend on us
            warnings.warn(f"training-expert could not judge the run: {type(error).__name__}: {error}", stacklevel=2)

    def _break_off(self, error: BaseException) -> None:
        """The training ends with an exception."""
        self._epoch()
        if self.run is not None:
            self.run.__exit__(type(error), error, error.__traceback__)

    def _close(self) -> None:
        if self.run is not None:
            self.run.close()

    def __getstate__(self) -> dict[str, Any]:
        # A run holds hooks and an open file: a copy has none.
        return self.__dict__ | {"run": None}

    def __reduce__(self) -> tuple[Any, ...]:
        # The derived class has no name to be found by.
        named = next(kind for kind in type(self).__mro__ if "_derived" not in vars(kind))
        return _made, (named,), self.__getstate__()


def harmless(hook: Callable[..., Any]) -> Callable[..., Any]:
    """A hook of a trainer that never ends its training: what goes wrong in it is a note in the advice, or a warning.

    Only options that are something else are refused, at the start of the training.
    """

    @wraps(hook)
    def guarded(self: TrainingCallback, *args: Any, **more: Any) -> Any:
        try:
            return hook(self, *args, **more)
        except SourceError:
            raise
        except Exception as error:
            failed = f"In {hook.__name__} the watcher failed with {type(error).__name__}: {error}"
            if self.run is not None:
                self.run.telemetry.note(failed)
            else:
                warnings.warn(f"training-expert does not watch this training. {failed}", stacklevel=2)
            return None

    return guarded


def reported(metrics: Mapping[str, Any], phase: str) -> dict[str, float]:
    """What of logged numbers is a metric of training or validation; the rest is measured by the run itself.

    ``phase`` (``train`` or ``val``) is where they were measured: the prefix of names that do not say it.
    """
    named: dict[str, float] = {}
    for logged, value in metrics.items():
        name = logged
        match = match_columns([name])[name]
        if match.clock_column is None and (match.role is None or match.phase != phase) and not _tells_phase(name):
            name = f"{phase}_{logged}"
            match = match_columns([name])[name]
        number = as_number(value)
        if number is not None and match.clock_column is None and (match.role or "").startswith(SUBJECTS):
            named[name] = number
    return named


def _tells_phase(name: str) -> bool:
    return snake(name).startswith(("train", "val", "eval", "test"))


def _loaded(name: str, homes: Sequence[tuple[str, str]]) -> list[type]:
    """The trainers' classes for callbacks that are loaded; where none is, the first that can be."""
    found = [getattr(sys.modules[module], kind, None) for module, kind in homes if module in sys.modules]
    loaded = [kind for kind in found if isinstance(kind, type)]
    for module, kind in homes if not loaded else ():
        try:
            return [getattr(importlib.import_module(module), kind)]
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise
    if homes and not loaded:
        raise ImportError(f"{name} needs one of these packages: {', '.join(module for module, _ in homes)}.")
    return loaded


@cache
def _derived(cls: type, bases: tuple[type, ...]) -> type:
    about = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__, "_derived": True}
    return type(cls)(cls.__name__, (cls, *bases), about)


def _made(cls: type[TrainingCallback]) -> TrainingCallback:
    return cls.__new__(cls)
