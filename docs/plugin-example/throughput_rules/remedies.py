"""A remedy with code for PyTorch."""

from __future__ import annotations

from expert.authoring import Remedy, torch_code

DETACH = Remedy(
    id="TX101",
    name="detach-what-is-kept",
    title="Detach what is kept from step to step",
    do="Store numbers, not tensors that carry their graph, and empty lists that grow with every step.",
    cost="config line",
    risk="low",
    snippets=(torch_code("history.append(loss.detach())  # not: history.append(loss)"),),
    watch="the time of a step stays level over the run",
    source=("knowledge of the field",),
)
