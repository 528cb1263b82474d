"""Makes torchvision importable beside a PyTorch without CUDA: its wheel on PyPI is built against one with it.

Imported before torchvision, it declares the operators that the wheel cannot load; the one that is needed is given.
"""

from __future__ import annotations

import torch

if torch.version.cuda is None:
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

    @torch.library.impl("torchvision::nms", "CPU")
    def nms(boxes: torch.Tensor, scores: torch.Tensor, bound: float) -> torch.Tensor:
        """Of boxes that overlap by more than the bound keep the one with the highest score."""
        left, kept = scores.argsort(descending=True), []
        area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        while len(left):
            best, rest = left[0], left[1:]
            kept.append(best)
            corner = torch.maximum(boxes[best, :2], boxes[rest, :2])
            common = (torch.minimum(boxes[best, 2:], boxes[rest, 2:]) - corner).clamp(min=0).prod(1)
            left = rest[common / (area[best] + area[rest] - common) <= bound]
        return torch.stack(kept) if kept else left

    import torchvision.extension

    torchvision.extension._has_ops = lambda: True
