"""`watch`: put a collector on a model and its optimizers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import nn
from torch.optim import Optimizer

from expert.adapters.live.findings import FindingWatch
from expert.adapters.live.options import check_options, open_journal, read_config
from expert.adapters.live.sampling import FIXED_STRIDE, Sampling
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.collecting import Collector
from expert.adapters.torch.profile.loader import read_loader
from expert.adapters.torch.profile.model import read as read_profile
from expert.adapters.torch.profile.trained_before import trained_before
from expert.adapters.torch.profile.unwrapping import inner_module, inner_optimizer, inner_scheduler
from expert.adapters.torch.ranks.ranks import rank_here, ranks_of
from expert.adapters.torch.run import Run
from expert.adapters.torch.stepping import CALLS
from expert.errors import SourceError
from expert.history import History, RunConfig
from expert.reading import ReadRequest

if TYPE_CHECKING:
    from expert import Finding


def watch(
    model: nn.Module,
    optimizer: Optimizer | Iterable[Optimizer] | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
    loss_fn: Any = None,
    scheduler: Any = None,
    loader: Any = None,
    scaler: Any = None,
    config: RunConfig | Mapping[str, Any] | None = None,
    every: int | None = None,
    budget: float = 0.01,
    activations: bool = True,
    check_every_step: bool = False,
    on_finding: Callable[[Finding], object] | None = None,
    stop_on: str | None = None,
) -> Run:
    """Watch a training without changing it; returns the `Run` to tell of steps and epochs.

    ``optimizer``: one, several, or None where gradients are applied by hand (then only losses and the model are
    known). ``path``: an append-only file of the record, any beginning of which can be read; a file that is already
    there is kept under another name. ``loss_fn``, ``scheduler``, ``loader`` and ``scaler`` are asked what they are;
    the loader is never iterated. ``config`` adds fields of `RunConfig` that cannot be seen.

    ``budget``: share of the run's time that looking may take (0.01 is one per cent). ``every=k`` looks at steps 1 to
    10, then at every k-th and the one after it, whatever that costs, so that a run can be repeated exactly.
    ``activations=False`` puts no hooks on forward passes. ``check_every_step``: notice gradients that are not finite
    before each update, which makes a GPU wait. ``on_finding`` is called once with each finding that has become
    certain; ``stop_on`` ("error", "fatal" …) lets ``run.should_stop`` turn True.

    Of a distributed run (DDP, FSDP2) call it on every rank, after the process group was made: rank zero's `Run` has
    the record of all, with the mean of their losses and the norms of all their parts, and says where they disagree.
    The others write no file, tell no findings, and their ``should_stop`` stays False: to stop together is up to the
    loop. Nothing waits for another rank: no collective is called, and records travel by the process group's store.

    Raises `SourceError` with one sentence for arguments that are something else.
    """
    optimizers = _optimizers(optimizer)
    inner = inner_module(model)
    if not isinstance(inner, nn.Module):
        raise SourceError(f"watch: model is {type(model).__name__}; expected a torch.nn.Module.")
    check_options("watch", path=path, every=every, budget=budget, on_finding=on_finding, stop_on=stop_on)
    _check_parts(scheduler, scaler)
    known = read_config("watch", config)
    source = _name(path)
    if rank_here() > 0:
        # Rank zero writes and speaks for all.
        path = on_finding = stop_on = None
    telemetry = Telemetry(source, journaled=path is not None)
    ranks = ranks_of(telemetry, model, optimizer)
    first = optimizers[0] if optimizers else None
    parts = {"model": inner, "optimizer": first, "scheduler": scheduler, "loss": loss_fn}
    _profiles(telemetry, parts, loader, known, optimizers)
    if ranks is not None and ranks.is_partitioned:
        # What this rank's optimizer does not hold, another one's does.
        telemetry.notes = {note: None for note in telemetry.notes if not note.startswith("The optimizer does not hold")}
        telemetry.model = telemetry.model.model_copy(update={"not_optimized": None})
    # Processes that wait for each other must look at the same steps, however fast each one is.
    stride = every if ranks is None or every is not None else FIXED_STRIDE
    if scaler is not None and scaler.is_enabled():
        telemetry.know("config", loss_scaling=True)
    # Whatever is refused is refused before there is any hook.
    journal = open_journal("watch", path)
    collector = Collector(
        inner,
        {id(model), id(inner), *map(id, _networks(inner))},
        optimizers,
        telemetry,
        [Sampling(stride, budget / max(1, len(optimizers)), CALLS) for _ in optimizers],
        scaler=scaler if scaler is not None and scaler.is_enabled() else None,
        activations=activations,
        compiled=_is_compiled(model),
        ranks=ranks,
        check_every_step=check_every_step,
        steps_per_epoch=telemetry.config.steps_per_epoch,
    )
    return Run(collector, FindingWatch(on_finding, stop_on), journal, os.getpid())


def _optimizers(given: Any) -> list[Optimizer]:
    if given is None:
        return []
    several = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    found = [inner_optimizer(one) for one in several]
    for one in found:
        if not isinstance(one, Optimizer):
            raise SourceError(f"watch: optimizer is {type(one).__name__}; expected torch.optim.Optimizer or several.")
    if len({id(one) for one in found}) < len(found):
        raise SourceError("watch: the same optimizer is given twice.")
    return found


def _check_parts(scheduler: Any, scaler: Any) -> None:
    if scheduler is not None and not callable(getattr(inner_scheduler(scheduler), "step", None)):
        raise SourceError(f"watch: scheduler is {type(scheduler).__name__}; expected a scheduler of torch.optim.")
    if scaler is not None and not callable(getattr(scaler, "is_enabled", None)):
        raise SourceError(f"watch: scaler is {type(scaler).__name__}; expected a torch.amp.GradScaler.")


def _networks(model: nn.Module) -> list[nn.Module]:
    """The networks of a model that only holds them and is never called itself: a ``ModuleList``, a LightningModule."""
    if type(model).forward is nn.Module.forward:
        return list(model.children())
    if any(kind.__name__ == "LightningModule" for kind in type(model).__mro__):
        # Its steps may call its parts and not itself. Of these, one that is not trained may well be in evaluation mode.
        parts = [child for child in model.children() if any(child.children())]
        return [part for part in parts if any(parameter.requires_grad for parameter in part.parameters())]
    return []


def _profiles(
    telemetry: Telemetry, parts: Mapping[str, Any], loader: Any, known: RunConfig, optimizers: Sequence[Optimizer]
) -> None:
    """What model, optimizer, schedule, loss and loader tell of themselves; what the user told wins."""
    try:
        (profile,) = read_profile({key: part for key, part in parts.items() if part is not None}, ReadRequest())
    except SourceError:
        raise
    except Exception as error:  # a module that answers questions with exceptions is still watched
        telemetry.note(f"The model could not be read ({type(error).__name__}: {error}).")
        telemetry.config = known
        return
    if len(optimizers) > 1:
        # The reader knows only the first of them.
        notes = [note for note in profile.notes if not note.startswith("The optimizer does not hold")]
        missing, said = _held_by_none(parts["model"], optimizers)
        model = profile.model.model_copy(update={"not_optimized": missing})
        profile = profile.model_copy(update={"notes": (*notes, *said), "model": model})
    _merge(telemetry, profile)
    if trained_before(parts["model"]):
        telemetry.know("config", pretrained=True)
    if loader is not None:
        _merge(telemetry, read_loader(loader))
    told = {name: value for name, value in known if value is not None}
    telemetry.know("config", **told)


def _held_by_none(model: nn.Module, optimizers: Sequence[Optimizer]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the trainable parameters that no optimizer holds, and a sentence about them."""
    held = {id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]}
    trainable = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    missing = [name for name, parameter in trainable if id(parameter) not in held]
    if not missing:
        return (), ()
    shown = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
    said = f"No optimizer holds {len(missing)} of {len(trainable)} trainable parameters of the model: {shown}."
    return tuple(missing), (said,)


def _merge(telemetry: Telemetry, told: History) -> None:
    for record, profile in (("config", told.config), ("model", told.model), ("data", told.data)):
        telemetry.know(record, **{name: value for name, value in profile if value is not None})
    for note in told.notes:
        telemetry.note(note)


def _is_compiled(model: nn.Module) -> bool:
    """Whether any part of the model runs as compiled code, by ``torch.compile(model)`` or ``model.compile()``."""
    return any(
        type(module).__name__ == "OptimizedModule"
        or getattr(module, "_compiled_call_impl", None) is not None
        or getattr(module, "_compiler_ctx", None) is not None  # Lightning unwraps what was compiled
        for module in model.modules()
    )


def _name(path: str | os.PathLike[str] | None) -> str:
    return "the watched run" if path is None else os.fspath(path)
