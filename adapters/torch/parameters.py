"""The tensors of a model that are watched: their names, what they belong to, and small samples of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from expert.adapters.torch.profile.unwrapping import plain_name

SAMPLED_NUMBERS = 49_152
"""Of all tensors of a model together about so many numbers make a sample: 192 KiB in float32."""
FEWEST_PER_TENSOR, MOST_PER_TENSOR = 128, 4096
BLOCKS = 16
"""A sample is this many runs of numbers that lie next to each other: memory is read in lines, not in numbers."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One parameter. ``is_weight``: a tensor of two or more axes that multiplies the signal of a layer."""

    name: str
    parameter: nn.Parameter
    is_weight: bool
    optimized: bool
    size: int
    blocks: tuple[int, int, int] | None
    """(number of blocks, length of each, distance of their starts) of its sample; None for the whole tensor."""

    @property
    def taken(self) -> int:
        """How many numbers its sample has."""
        return self.size if self.blocks is None else self.blocks[0] * self.blocks[1]


def local(tensor: Tensor) -> Tensor:
    """The part of a sharded tensor that lies in this process; any other tensor as it is. Nothing is communicated."""
    inner = getattr(tensor, "_local_tensor", None)
    return tensor if inner is None else inner


def watched_parameters(
    model: nn.Module, optimizer: Optimizer, optimizers: Iterable[Optimizer], *, orphans: bool
) -> list[Watched]:
    """The parameters one optimizer is answerable for, in the model's order: its own and, at will, the orphans.

    Orphans are the model's parameters that none of ``optimizers`` holds. A parameter used in several places counts
    once.
    """
    own = {id(p): p for group in optimizer.param_groups for p in group["params"]}
    foreign = {id(p) for other in optimizers for group in other.param_groups for p in group["params"]}
    inner = weight_owners(model)
    found: dict[int, tuple[str, nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if id(parameter) in own or (orphans and id(parameter) not in foreign):
            found[id(parameter)] = (name, parameter)
    for number, (key, parameter) in enumerate(own.items()):
        found.setdefault(key, (f"parameter {number} of {type(optimizer).__name__}", parameter))
    kept = [(name, p) for name, p in found.values() if is_ready(p) and (p.is_floating_point() or p.is_complex())]
    share = max(FEWEST_PER_TENSOR, min(MOST_PER_TENSOR, SAMPLED_NUMBERS // max(1, len(kept))))
    return [
        Watched(
            name=plain_name(name),
            parameter=parameter,
            is_weight=parameter.dim() > 1 and id(parameter) in inner,
            optimized=id(parameter) in own,
            size=_size(parameter),
            blocks=_blocks(_size(parameter), share),
        )
        for name, parameter in kept
    ]


def is_ready(parameter: Tensor) -> bool:
    """Whether the parameter has its shape already; one of a lazy module gets it in the first forward pass."""
    return not is_lazy(parameter)


def weight_owners(model: nn.Module) -> set[int]:
    """The ids of parameters that belong to layers, not to look-up tables, whose gradients and updates are sparse.

    A bare parameter of a module that holds other modules (positions, a class token) is no layer either.
    """
    inner: set[int] = set()
    tables: set[int] = set()
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        if isinstance(module, nn.Embedding | nn.EmbeddingBag):
            tables.update(map(id, own))
        # A parametrized layer and attention keep submodules for their own weights.
        elif not list(module.children()) or isinstance(module, nn.MultiheadAttention) or _parametrized(module):
            inner.update(map(id, own))
    # A table that is also the head (tied weights) gets dense gradients, but mixes two roles: no layer of its own.
    return inner - tables


def _parametrized(module: nn.Module) -> bool:
    return any(name in {"parametrizations", "original0", "original"} for name, _ in module.named_children())


def _blocks(size: int, share: int) -> tuple[int, int, int] | None:
    if size <= share:
        return None
    length = share // BLOCKS
    return BLOCKS, length, (size - length) // (BLOCKS - 1)


def sample(tensor: Tensor, blocks: tuple[int, int, int] | None) -> Tensor:
    """A view or copy of some numbers of a tensor, always those at the same places; call it without gradients.

    (number of blocks, length of each), or all numbers in a row.
    """
    flat = _real(local(tensor))
    if not flat.is_contiguous():
        # Channels-last weights and the like: their storage is dense, only in another order, which is as good.
        flat = flat.as_strided((flat.numel(),), (1,)) if _dense(flat) else flat.reshape(-1)
    if blocks is None:
        return flat.reshape(-1)
    count, length, distance = blocks
    return flat.as_strided((count, length), (distance, 1), flat.storage_offset())


def in_sample_order(watched: Sequence[Watched]) -> tuple[int, ...]:
    """The places of parameters as `samples` wants them: those of which blocks are taken stand before the small ones."""
    return tuple(sorted(range(len(watched)), key=lambda place: watched[place].blocks is None))


def samples(tensors: Sequence[Tensor], watched: Sequence[Watched]) -> Tensor:
    """The samples of tensors that stand `in_sample_order`, end to end, as one float32 vector."""
    parts = [sample(tensor, one.blocks) for tensor, one in zip(tensors, watched, strict=True)]
    if len({part.dtype for part in parts}) > 1:
        parts = [part.float() for part in parts]
    # Blocks have one length in all tensors of a model: they are copied in one go.
    blocks = [part for part in parts if part.dim() > 1]
    if not blocks:
        return torch.cat(parts).float()
    large, small = torch.cat(blocks).reshape(-1), parts[len(blocks) :]
    return (torch.cat([large, *small]) if small else large).float()


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """The Euclidean norm of each tensor, (n,) in float32; of a sharded one of the part that lies here."""
    pieces = [_numbers(tensor) for tensor in tensors]
    kinds = {piece.dtype for piece in pieces}
    # Half precision could not hold the norm of its own numbers.
    half = not kinds.isdisjoint((torch.float16, torch.bfloat16))
    found = list(torch._foreach_norm(pieces, dtype=torch.float32) if half else torch._foreach_norm(pieces))
    if len({one.device for one in found}) > 1:
        found = [one.to(found[0].device, non_blocking=True) for one in found]
    if kinds != {torch.float32}:
        found = [one.float() for one in found]
    return torch.stack(found)


def norm(tensor: Tensor) -> Tensor:
    """The Euclidean norm of one tensor as a tensor without axes, float32."""
    numbers = _numbers(tensor)
    # Half precision could not hold the norm of its own numbers; a double one may not be narrowed on the way.
    half = numbers.dtype in (torch.float16, torch.bfloat16)
    found: Tensor = torch.linalg.vector_norm(numbers, dtype=torch.float32 if half else None)
    return found.float()


def _numbers(tensor: Tensor) -> Tensor:
    """The numbers that are there: of a sparse tensor those it holds, of a complex one both parts."""
    # Written out: this is done for each parameter at each look.
    piece = getattr(tensor, "_local_tensor", None)
    if piece is None:
        piece = tensor
    if piece.requires_grad:
        piece = piece.detach()
    if piece.is_sparse:
        piece = piece.coalesce().values()
    return _real(piece) if piece.is_complex() else piece


def _real(tensor: Tensor) -> Tensor:
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


def _size(parameter: Tensor) -> int:
    return local(parameter).numel() * (2 if parameter.is_complex() else 1)


def _dense(tensor: Tensor) -> bool:
    """Whether the numbers fill their storage without gaps, in whatever order."""
    return sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True)) + 1 == tensor.numel()
