"""What a PyTorch module tells of itself: layers, head, what is frozen. Nothing is run and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from expert.adapters.forward.source import Forward
from expert.adapters.forward.words import NORMALIZATIONS
from expert.adapters.structure import Part, output_activation, profile_of
from expert.adapters.torch.profile.decay import decays_norm_and_bias
from expert.adapters.torch.profile.loss import read_loss, read_loss_name
from expert.adapters.torch.profile.model_head import depth_of, head_of
from expert.adapters.torch.profile.model_parts import TRANSFORMER_LAYERS, TRANSFORMERS, Tree, parts_of, size_of
from expert.adapters.torch.profile.model_tree import (
    CONTAINERS,
    Module,
    all_modules,
    all_parameters,
    children_of,
    is_quantized,
    is_torch_module,
    losses_in_code,
    measures_of,
    own_parameters,
    torch_name,
)
from expert.adapters.torch.profile.model_weights import read_initialization
from expert.adapters.torch.profile.optimizer import is_torch_optimizer, read_optimizer
from expert.adapters.torch.profile.unwrapping import (
    attribute,
    inner_module,
    inner_optimizer,
    inner_scheduler,
    plain_name,
)
from expert.errors import SourceError, nearest
from expert.history import History, ModelProfile, RunConfig
from expert.reading import Reader, ReadRequest

KEYS = ("model", "optimizer", "loss", "scheduler")
CONVOLUTIONS = {f"conv{transposed}{axes}d" for transposed in ("", "_transpose") for axes in (1, 2, 3)}
PROJECTIONS = ("q", "query", "qkv", "q_proj", "qkv_proj", "to_q", "to_qkv", "wq", "w_q", "q_lin", "c_attn", "in_proj")
"""What people call the layer that makes the queries of an attention."""
ATTENTIONS = ("transformer", "selfattention", "multiheadattention", "multiheadedattention")
GENERATORS, DISCRIMINATORS = {"generator", "gen", "netg", "G"}, {"discriminator", "disc", "critic", "netd", "D"}
TASKS = {
    "ForSequenceClassification": "classification",
    "ForImageClassification": "classification",
    "ForTokenClassification": "classification",
    "ForCausalLM": "language_model",
    "LMHeadModel": "language_model",
    "ForMaskedLM": "language_model",
    "ForSemanticSegmentation": "segmentation",
    "ForObjectDetection": "detection",
}
"""How Hugging Face's class names end -> the task."""


def recognizes(source: object) -> float:
    """A module, or a mapping whose ``model`` is one. A Keras model on the torch backend is left to its own reader."""
    if isinstance(source, Mapping):
        return 1.0 if is_torch_module(source.get("model")) else 0.0
    return 1.0 if is_torch_module(source) else 0.0


def read(source: object, _request: ReadRequest) -> tuple[History, ...]:
    """Read a module, or ``{"model": ..., "optimizer": ..., "loss": ..., "scheduler": ...}``.

    ``optimizer`` may be a list of optimizers, the first of which gives the settings.
    """
    parts = dict(source) if isinstance(source, Mapping) else {"model": source}
    unknown = next((key for key in parts if key not in KEYS), None)
    if unknown is not None:
        hint = nearest(str(unknown), KEYS)
        raise SourceError(f"model: there is no entry {unknown!r} beside the module; expected {', '.join(KEYS)}.{hint}")
    module, scheduler = parts["model"], inner_scheduler(parts.get("scheduler"))
    if not is_torch_module(module):
        raise SourceError(f"model: expected a torch.nn.Module, got {type(module).__name__}.")
    config, profile = read_settings(module), read_module(module)
    notes: tuple[str, ...] = ()
    given = parts.get("optimizer")
    given = getattr(scheduler, "optimizer", None) if given is None else given
    optimizers = list(given) if isinstance(given, list | tuple) else [] if given is None else [given]
    for optimizer in map(inner_optimizer, optimizers):
        if not is_torch_optimizer(optimizer):
            raise SourceError(f"optimizer: expected a torch.optim.Optimizer, got {type(optimizer).__name__}.")
    if optimizers:
        config, notes = read_optimizer(optimizers[0], parts.get("scheduler"), config)
        config = config.model_copy(update={"decay_on_norm_and_bias": decays_norm_and_bias(module, optimizers)})
        missing = not_optimized(module, optimizers)
        profile = profile.model_copy(update={"not_optimized": missing})
        notes += _say_missing(module, missing)
    idle = never_called(module)
    if idle:
        notes += (f"The code of the model never calls {', '.join(idle[:5])}{' ...' if len(idle) > 5 else ''}.",)
    if parts.get("loss") is not None:
        config = read_loss(parts["loss"], config)
    return (History(model=profile, config=config, notes=notes),)


def read_settings(module: Module) -> RunConfig:
    """Return what a module alone tells of the run: half precision, the task, the loss its code computes. Never raises.

    A GAN's pair of generator and discriminator makes the run adversarial.
    """
    try:
        return _read_settings(inner_module(module))
    except Exception:  # classes of all kinds
        return RunConfig(framework="torch")


def read_module(module: Module) -> ModelProfile:
    """Return the profile of a ``torch.nn.Module``; a compiled or distributed one is read through its wrapper.

    Layers are named as the parameters of `inner_module` are, pieces compiled on their own by their plain names. What
    the modules and the source of their ``forward`` do not show is None. Never raises.
    """
    inner = inner_module(module)
    try:
        return _read_module(inner)
    except Exception:  # classes of all kinds: what can be counted is still known
        return _counted(inner, ModelProfile())


def never_called(module: Module) -> tuple[str, ...]:
    """Return the names of submodules with weights to train that ``forward``, as far as it is seen, never calls."""
    tree = Tree()
    try:
        list(parts_of(inner_module(module), tree))
        return tuple(name for name, part in tree.unused.items() if _has_more_to_train(part, tree.reached))
    except Exception:  # classes of all kinds
        return ()


def not_optimized(module: Module, optimizers: Iterable[object]) -> tuple[str, ...]:
    """Return the names of the module's parameters that want gradients and that none of the optimizers holds."""
    groups = [group for optimizer in optimizers for group in inner_optimizer(optimizer).param_groups]
    held = {id(parameter) for group in groups for parameter in group["params"]}
    try:
        named = list(inner_module(module).named_parameters())
    except Exception:  # classes of all kinds
        return ()
    return tuple(plain_name(name) for name, one in named if one.requires_grad and id(one) not in held)


def _read_settings(module: Module) -> RunConfig:
    config = RunConfig(framework="torch", precision=_half_precision(module), task=_task(module))
    names = _names_of_parts(module)
    if names & GENERATORS and names & DISCRIMINATORS:
        config = config.model_copy(update={"adversarial": True})
    held, called = measures_of(module), losses_in_code(module)
    if len(held) + len(called) == 1:
        return read_loss(held[0], config) if held else read_loss_name(called.pop(), config)
    return config


def _names_of_parts(module: Module) -> set[str]:
    """The names of the submodules in small letters; one letter as it stands, for a small one may mean anything."""
    return {name if len(name) == 1 else name.lower() for name in children_of(module)}


def _read_module(module: Module) -> ModelProfile:
    tree = Tree()
    parts = list(parts_of(module, tree))
    codes = tree.codes
    several = torch_name(module) in CONTAINERS or bool(_names_of_parts(module) & GENERATORS)
    complete = (
        not several and not any(code.opaque for code in codes) and all(part.understood or part.idle for part in parts)
    )
    own = codes[0] if torch_name(module) is None and codes else None
    head = None if several else head_of(module, own)
    calls = {name for code in codes for name in code.calls}
    residual = _residual(module, codes, complete)
    initialization = read_initialization(module, residual)
    profile = profile_of(
        parts,
        head=None if head is None else output_activation(head[0]),
        output_units=None if head is None else head[1],
        complete=complete,
        residual=residual,
        transformer=_transformer(module, calls, parts, complete),
        functions=[name for code in codes for name in _hidden_functions(code, code is own and head is not None)],
        called=[name for name in sorted(calls) if name in CONVOLUTIONS | set(NORMALIZATIONS) or "max_pool" in name],
        bends=any(code.bends for code in codes),
        initialization=initialization.scheme,
    )
    rates = [rate for rate in tree.rates if rate is not None]
    unknown = len(rates) < len(tree.rates)
    rates += [] if profile.dropout is None else [profile.dropout]
    update: dict[str, Any] = {
        "depth": None if several else depth_of(module, own),
        "dropout": None if unknown else max(rates, default=None),
        "dropout_in_evaluation": True if tree.never_off else None,
        "largest_gain": initialization.largest_gain,
    }
    if profile.recurrent == "none" and any(code.repeats for code in codes):
        update["recurrent"] = None  # a recurrence written out, or a layer that is used again and again
    return _counted(module, profile.model_copy(update=update))


def _counted(module: Module, profile: ModelProfile) -> ModelProfile:
    """Count each parameter once, however many layers share it."""
    own = list(all_parameters(module).values())
    sizes = [size_of(parameter) for parameter in own]
    if None in sizes or any(is_quantized(child) for child in all_modules(module)):
        return profile.model_copy(update={"parameters": None, "trainable_parameters": None})
    trained = [size or 0 for size, parameter in zip(sizes, own, strict=True) if parameter.requires_grad]
    counts = {"parameters": sum(size or 0 for size in sizes), "trainable_parameters": sum(trained)}
    return profile.model_copy(update=counts)


def _residual(module: Module, codes: list[Forward], complete: bool) -> bool | None:
    has_layers = any(torch_name(child) in TRANSFORMER_LAYERS for child in all_modules(module))
    if has_layers or any(code.adds for code in codes):
        return True
    return False if complete and all(code.adds is False for code in codes) else None


def _transformer(module: Module, calls: set[str], parts: list[Part], complete: bool) -> bool | None:
    """Self-attention makes one; a module that is only called attention may be any weighting."""
    if "scaled_dot_product_attention" in calls:
        return True
    may_be = False
    for child in all_modules(module):
        name = type(child).__name__.lower().replace("_", "")
        if torch_name(child) in {"MultiheadAttention", *TRANSFORMERS, *TRANSFORMER_LAYERS}:
            return True
        if any(word in name for word in ATTENTIONS):
            return True
        if "attention" in name or "attn" in name:
            if {one.lower() for one in children_of(child)} & set(PROJECTIONS):
                return True
            may_be = True
    return False if complete and not may_be and all(part.understood for part in parts) else None


def _hidden_functions(code: Forward, is_root: bool) -> list[str]:
    """The activations a forward calls, less the one at the head."""
    names = list(code.functions)
    if is_root and code.returned and code.returned[0][0] == "function" and code.returned[0][1] in names:
        names.remove(code.returned[0][1])
    return names


def _has_more_to_train(module: Module, reached: set[int]) -> bool:
    """Whether anything in the module is to be trained that is not called under another name."""
    others = [one for one in all_modules(module) if id(one) not in reached]
    return any(parameter.requires_grad for one in others for parameter in own_parameters(one).values())


def _say_missing(module: Module, missing: tuple[str, ...]) -> tuple[str, ...]:
    if not missing:
        return ()
    trained = sum(parameter.requires_grad for parameter in all_parameters(inner_module(module)).values())
    shown = ", ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
    return (f"The optimizer does not hold {len(missing)} of {trained} trainable parameters of the model: {shown}.",)


def _half_precision(module: Module) -> Any:
    # Parameters in float32 do not tell: the run may still compute in half precision under autocast.
    kinds = {str(parameter.dtype).removeprefix("torch.") for parameter in all_parameters(module).values()}
    return next((kind for kind in ("float16", "bfloat16") if kind in kinds), None)


def _task(module: Module) -> Any:
    for kind in type(module).__mro__:
        if kind.__module__.split(".")[0] == "transformers":
            task = next((task for end, task in TASKS.items() if kind.__name__.endswith(end)), None)
            labels = attribute(attribute(module, "config"), "num_labels")
            # One label is a quantity; Hugging Face then takes the squared error.
            return "regression" if kind.__name__.endswith("ForSequenceClassification") and labels == 1 else task
    return None


READER = Reader(id="torch-model", title="PyTorch module", gives="model", recognizes=recognizes, read=read)
