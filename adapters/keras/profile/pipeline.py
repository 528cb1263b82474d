"""What a ``tf.data`` pipeline or a ``PyDataset`` tells without being iterated: batch size, order, steps, samples.

Iterating a pipeline that shuffles would advance the generator its next epochs are drawn from. So the steps it is built
of are read, outermost first. ``tf.data`` has no public list of them: where the private one is missing or other than
expected, the answer is "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from expert.adapters.keras.profile.tree import attribute
from expert.history import DataProfile, History, RunConfig

TF_DATA = "tensorflow.python.data."
KEEPING = {"Map", "ParallelMap", "Shuffle", "Cache", "Prefetch", "Options", "Assert", "Model"}
"""Steps after which there are as many samples as before."""
BATCHING = {"Batch", "ParallelBatch", "PaddedBatch"}
IN_MEMORY = {"TensorSlice", "Range"}
RANDOM = ("Random", "StatelessRandom", "Multinomial", "ParameterizedTruncatedNormal")
"""How the operations begin that draw numbers."""
SMALL = 0.1
"""A buffer that holds a smaller share of the set leaves the order of it standing."""
DEEPEST = 200
DATASETS = {"PyDataset", "Sequence"}
BATCHES_SHUFFLED = (
    "The pipeline shuffles whole batches: samples that lie together in the source stay in one batch. Shuffle before "
    "batching."
)
SMALL_BUFFER = (
    "The shuffle buffer holds {buffer:,} of {samples:,} samples, so the order of the source shows through: give "
    "shuffle a buffer of the whole set, or shuffle the source beforehand."
)
CACHED_ORDER = "The pipeline caches after it has shuffled, so each epoch has the same order: cache before shuffling."
CACHED_AUGMENTATION = (
    "The pipeline caches what random operations have made, so that each epoch meets the same samples: augment after "
    "caching."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline: its kind (``Shuffle``, ``Batch`` ...) and the object that holds its settings."""

    kind: str
    held: Any


def is_pipeline(source: object) -> bool:
    """Whether the object is a ``tf.data.Dataset``."""
    return any(kind.__module__.startswith(TF_DATA) and kind.__name__ == "DatasetV2" for kind in type(source).__mro__)


def is_py_dataset(source: object) -> bool:
    """Whether the object is a ``PyDataset`` or ``Sequence`` of Keras."""
    return any(
        kind.__name__ in DATASETS and kind.__module__.split(".")[0] in {"keras", "tf_keras"}
        for kind in type(source).__mro__
    )


def read_pipeline(source: object) -> History:
    """Return what a training pipeline tells, as a History with ``config``, ``data.samples`` and notes.

    For an object that is neither a ``tf.data.Dataset`` nor a ``PyDataset`` nothing is known. Nothing is iterated and
    no item is read. Never raises.
    """
    try:
        if is_pipeline(source):
            return _read_pipeline(source)
        if is_py_dataset(source):
            return _read_py_dataset(source)
    except Exception:  # private parts of another release, or a stranger's attributes
        return History()
    return History()


def steps_of(pipeline: Any) -> list[Step]:
    """The steps of a pipeline, outermost first, down to its source or to where several pipelines join."""
    found: list[Step] = []
    while len(found) < DEEPEST:
        name = type(pipeline).__name__.lstrip("_")
        found.append(Step(name.removesuffix("DatasetV2").removesuffix("Dataset"), pipeline))
        before = pipeline._inputs()
        if len(before) != 1:
            break
        pipeline = before[0]
    return found


def source_tensors(pipeline: Any) -> Any:
    """Return the tensors a pipeline cuts into samples, in the structure of a sample; None where they are not what the
    network sees, because something changes them on the way, or do not lie in memory.
    """
    try:
        steps = steps_of(pipeline)
        passing = KEEPING - {"Map", "ParallelMap"} | BATCHING | {"Repeat"}
        if steps[-1].kind != "TensorSlice" or not all(step.kind in passing for step in steps[:-1]):
            return None
        import tensorflow as tf

        return tf.nest.pack_sequence_as(steps[-1].held.element_spec, steps[-1].held._tensors)
    except Exception:  # private parts of another release
        return None


def _read_pipeline(pipeline: Any) -> History:
    steps = steps_of(pipeline)
    kinds = [step.kind for step in steps]
    batch = next((place for place, kind in enumerate(kinds) if kind in BATCHING), None)
    if any(kind in {"Unbatch", "Rebatch", "FlatMap", "Interleave"} for kind in kinds[:batch]):
        batch = None
    notes: list[str] = []
    samples = None if batch is None else _samples(steps[batch + 1 :])
    update: dict[str, Any] = {"steps_per_epoch": _cardinality(pipeline)}
    if batch is not None:
        held = steps[batch].held
        size = _whole(attribute(held, "_batch_size"))
        update["batch_size"] = size
        drops = attribute(held, "_drop_remainder")
        plain = not {"Repeat", "Take", "Skip", "Filter"} & set(kinds)
        if size and samples is not None and drops is not None and plain:
            update["last_batch_size"] = size if bool(drops) else samples % size or size
    update |= _order(steps, batch, samples, notes)
    update |= _augmentation(steps, notes)
    known = {key: value for key, value in update.items() if value is not None}
    return History(config=RunConfig(**known), data=DataProfile(samples=samples), notes=tuple(notes))


def _order(steps: list[Step], batch: int | None, samples: int | None, notes: list[str]) -> dict[str, Any]:
    kinds = [step.kind for step in steps]
    shuffles = [place for place, kind in enumerate(kinds) if kind == "Shuffle"]
    before_batching = [place for place in shuffles if batch is None or place > batch]
    if not shuffles:
        # Files that are read in parallel, generators and joined pipelines have an order of their own.
        plain = kinds[-1] in IN_MEMORY and all(kind in KEEPING | BATCHING | {"Repeat", "Take"} for kind in kinds[:-1])
        return {"shuffle": False, "order_redrawn": False} if plain else {}
    if not before_batching:
        notes.append(BATCHES_SHUFFLED)
        return {}
    buffer = max(_whole(attribute(steps[place].held, "_buffer_size")) or 0 for place in before_batching)
    redrawn = _is_redrawn(steps, before_batching, notes)
    if buffer and samples and buffer < samples:
        notes.append(SMALL_BUFFER.format(buffer=buffer, samples=samples))
    small = bool(buffer and samples) and buffer < SMALL * (samples or 0)
    return {"shuffle": None if small else True, "order_redrawn": redrawn}


def _is_redrawn(steps: list[Step], shuffles: list[int], notes: list[str]) -> bool | None:
    cache = next((place for place, step in enumerate(steps) if step.kind in {"Cache", "Snapshot"}), None)
    live = [place for place in shuffles if cache is None or place < cache]
    if not live:
        notes.append(CACHED_ORDER)
        return False
    flags = [attribute(steps[place].held, "_reshuffle_each_iteration") for place in live]
    return True if True in flags else False if all(flag is False for flag in flags) else None


def _augmentation(steps: list[Step], notes: list[str]) -> dict[str, Any]:
    """Whether a function of the pipeline draws numbers; what it calls in turn is not looked into."""
    random = [place for place, step in enumerate(steps) if step.kind.endswith("Map") and _draws(step.held)]
    cache = next((place for place, step in enumerate(steps) if step.kind == "Cache"), None)
    if cache is not None and any(place > cache for place in random):
        notes.append(CACHED_AUGMENTATION)
    return {"augmentation": True} if any(cache is None or place < cache for place in random) else {}


def _draws(step: Any) -> bool:
    graph = attribute(attribute(attribute(step, "_map_func"), "function"), "graph")
    return graph is not None and any(one.type.startswith(RANDOM) for one in graph.get_operations())


def _samples(before_batching: list[Step]) -> int | None:
    """How many different samples there are in an epoch, given the steps below the batches."""
    for place, step in enumerate(before_batching):
        if step.kind == "Repeat":
            return _samples(before_batching[place + 1 :])
        if step.kind not in KEEPING:
            return _cardinality(step.held)
    return None


def _cardinality(pipeline: Any) -> int | None:
    """The number of elements; None where it is infinite or not known."""
    count = _whole(pipeline.cardinality())
    return count if count is not None and count >= 0 else None


def _read_py_dataset(source: Any) -> History:
    size = _whole(attribute(source, "batch_size"))
    batches = len(source) if hasattr(type(source), "__len__") else None
    shuffle = attribute(source, "shuffle")
    in_processes = attribute(source, "use_multiprocessing") is True
    workers = _whole(attribute(source, "workers"))
    generator = attribute(source, "image_data_generator")
    samples = _whole(attribute(source, "n")) or _whole(attribute(source, "samples"))
    update: dict[str, Any] = {
        "batch_size": size,
        "steps_per_epoch": batches,
        "shuffle": shuffle if isinstance(shuffle, bool) else None,
        "loader_workers": (workers if in_processes else 0) if workers is not None else None,
        "augmentation": True if generator is not None and attribute(generator, "rotation_range") else None,
    }
    known = {key: value for key, value in update.items() if value is not None}
    return History(config=RunConfig(**known), data=DataProfile(samples=samples))


def _whole(value: Any) -> int | None:
    """A whole number, also one in a tensor that can be read."""
    if value is None or isinstance(value, bool | str):
        return None
    try:
        return int(value)
    except Exception:  # a symbolic tensor
        return None
