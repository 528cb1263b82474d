"""Looks of several ranks made one, without processes: every way parameters can lie on a mesh."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import numpy as np
import pytest

from expert.adapters.torch.ranks.pooling import chosen_ranks, pool
from expert.adapters.torch.ranks.reports import Look, Report, Stock, decode
from expert.adapters.torch.ranks.sharding import WHOLE, Layout

Parts = Sequence[tuple[str, tuple[int, ...], Sequence[float]]]


def stock(sizes: Sequence[int], layouts: Sequence[Layout | None], optimized: Sequence[bool] | None = None) -> Stock:
    held = tuple(optimized or [True] * len(sizes))
    return Stock(0, 1, tuple(sizes), tuple(min(size, 4) for size in sizes), held, tuple(layouts))


def look(parts: Parts) -> Look:
    numbers = array("f", [number for _, _, values in parts for number in values])
    return Look(0, 1, tuple((name, places, len(values)) for name, places, values in parts), numbers)


def pooled(
    looks: Sequence[Look], stocks: Sequence[Stock], unknown: Sequence[int] = ()
) -> tuple[dict[str, list[float]], bool]:
    parts, numbers, partial = pool(looks, stocks, chosen_ranks(stocks), unknown)
    found, start = {}, 0
    for name, _, length in parts:
        found[name] = numbers[start : start + length]
        start += length
    return found, partial


def test_shards_are_added_up_by_their_squares() -> None:
    stocks = [stock([4], [Layout((rank,), 3)]) for rank in range(3)]
    looks = [look([("gradient", (0,), [norm])]) for norm in (2.0, 3.0, 6.0)]
    assert pooled(looks, stocks) == ({"gradient": [7.0]}, False)


def test_of_copies_one_counts() -> None:
    stocks = [stock([4], [WHOLE])] * 3
    looks = [look([("weight", (0,), [2.0])])] * 3
    assert pooled(looks, stocks) == ({"weight": [2.0]}, False)


def test_a_mesh_of_shards_and_copies() -> None:
    # Two copies (first axis) of two shards (second axis); the layout names the shard only.
    stocks = [stock([4, 4], [Layout((rank % 2,), 2), WHOLE]) for rank in range(4)]
    looks = [look([("gradient", (0, 1), [3.0 if rank % 2 else 4.0, 1.0])]) for rank in range(4)]
    assert pooled(looks, stocks) == ({"gradient": [5.0, 1.0]}, False)


def test_an_optimizer_that_moves_a_parameter_is_asked_for_it() -> None:
    stocks = [stock([4, 4], [WHOLE, WHOLE], [True, False]), stock([4, 4], [WHOLE, WHOLE], [False, True])]
    looks = [
        look([("update", (0, 1), [3.0, 0.0]), ("sampled", (0, 1), [1.0, 1.0])]),
        look([("update", (0, 1), [0.0, 5.0]), ("sampled", (0, 1), [1.0, 1.0])]),
    ]
    assert pooled(looks, stocks)[0]["update"] == [3.0, 5.0]


def test_a_missing_part_leaves_the_whole_unknown() -> None:
    stocks = [stock([4, 4], [Layout((rank,), 3), WHOLE]) for rank in range(2)]
    looks = [look([("gradient", (0, 1), [1.0, 2.0])])] * 2
    assert pooled(looks, stocks) == ({"gradient": [2.0]}, True)


def test_sums_that_are_still_to_be_made_are_left_out() -> None:
    stocks = [stock([4, 4], [None, WHOLE]), stock([4, 4], [None, WHOLE])]
    looks = [look([("weight", (0, 1), [1.0, 2.0])])] * 2
    assert pooled(looks, stocks) == ({"weight": [2.0]}, True)
    stocks = [stock([4, 4], [WHOLE, WHOLE])] * 2
    looks = [look([("gradient", (0, 1), [1.0, 2.0]), ("weight", (0, 1), [1.0, 2.0])])] * 2
    assert pooled(looks, stocks, unknown=[0]) == ({"gradient": [2.0], "weight": [1.0, 2.0]}, True)


def test_an_empty_shard_adds_nothing() -> None:
    stocks = [stock([3], [Layout((0,), 2)]), stock([0], [Layout((1,), 2)])]
    mine = look([("gradient", (0,), [2.0]), ("mean_abs", (0,), [6.0]), ("bounds", (), [-1.0, 2.0, 0.25, 0.5])])
    found, _ = pooled([mine, look([("gradient", (0,), [0.0])])], stocks)
    assert found == {"gradient": [2.0], "mean_abs": [6.0], "bounds": [-1.0, 2.0, 0.25, 0.5]}


def test_what_rank_zero_does_not_hold_counts_too() -> None:
    stocks = [stock([0, 4], [Layout((0,), 2)] * 2), stock([4, 4], [Layout((1,), 2)] * 2)]
    looks = [look([("gradient", (1,), [3.0])]), look([("gradient", (0, 1), [2.0, 4.0])])]
    assert pooled(looks, stocks)[0]["gradient"] == [2.0, 5.0]


def test_samples_stand_for_what_they_were_taken_from() -> None:
    stocks = [stock([8], [Layout((0,), 2)]), stock([4], [Layout((1,), 2)])]
    looks = [
        look([("update", (0,), [1.0]), ("mean_abs", (0,), [4.0])]),
        look([("update", (0,), [1.0]), ("mean_abs", (0,), [8.0])]),
    ]
    found, _ = pooled(looks, stocks)
    assert found["update"] == pytest.approx([math.sqrt(2.0 + 1.0)])
    # 8 numbers of mean 1 and 4 of mean 2; the looker divides by the 4 that rank zero has taken.
    assert found["mean_abs"] == pytest.approx([4.0 * (8 * 1.0 + 4 * 2.0) / 12])


def test_the_cosine_is_that_of_the_whole_vectors() -> None:
    draw = np.random.default_rng(0)
    now, before = draw.normal(size=(2, 8)), draw.normal(size=(2, 8))
    stocks = [stock([4, 4], [Layout((rank,), 2)] * 2) for rank in range(2)]
    looks = []
    for rank in range(2):
        mine, past = now[rank].reshape(2, 4), before[rank].reshape(2, 4)
        looks.append(
            look(
                [
                    ("dot", (0, 1), list((mine * past).sum(axis=1))),
                    ("now", (0, 1), list(np.linalg.norm(mine, axis=1))),
                    ("before", (0, 1), list(np.linalg.norm(past, axis=1))),
                ]
            )
        )
    expected = (now * before).sum() / np.linalg.norm(now) / np.linalg.norm(before)
    assert pooled(looks, stocks)[0] == {"cosine": pytest.approx([expected], rel=1e-5)}


def test_extremes_of_all_ranks_and_the_share_at_them() -> None:
    stocks = [stock([4], [Layout((rank,), 2)]) for rank in range(2)]
    looks = [look([("bounds", (), [-1.0, 1.0, 0.5, 0.25])]), look([("bounds", (), [-1.0, 0.5, 0.25, 0.5])])]
    assert pooled(looks, stocks)[0]["bounds"] == [-1.0, 1.0, 0.375, 0.125]


def test_one_gradient_that_is_not_finite_makes_the_norm_so() -> None:
    stocks = [stock([4], [Layout((rank,), 2)]) for rank in range(2)]
    looks = [look([("gradient", (0,), [1.0]), ("found_inf", (), [0.0])])]
    looks.append(look([("gradient", (0,), [math.inf]), ("found_inf", (), [1.0])]))
    assert pooled(looks, stocks)[0] == {"gradient": [math.inf], "found_inf": [1.0]}


def test_a_report_comes_back_as_it_was_sent() -> None:
    report = Report(
        updates=7,
        closed=True,
        uneven=True,
        epochs=[3, 6],
        stocks=[stock([4, 0], [Layout((1,), 2), None])],
        looks=[
            look([("gradient", (0, 1), [1.0, math.nan]), ("bounds", (), [0.0] * 4)]),
            look([("weight", (0, 1), [2.0, 3.0])]),
        ],
        loss_at=array("d", [1.0, 2.0]),
        losses=array("d", [0.5, math.inf]),
        events=[("crash", 7, "ValueError: Größe")],
    )
    back = decode(report.encode())
    assert back.looks[1] == report.looks[1]
    assert math.isnan(back.looks[0].numbers[1])
    assert (back.stocks, back.epochs, back.loss_at, back.losses) == (
        report.stocks,
        report.epochs,
        report.loss_at,
        report.losses,
    )
    assert (back.updates, back.closed, back.uneven, back.events) == (7, True, True, report.events)
