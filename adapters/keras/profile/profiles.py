"""Everything a model in training tells, put together: its layers, how it was compiled and how ``fit`` was called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expert.adapters.keras.profile.compiled import read_compiled, trains_as_keras_does
from expert.adapters.keras.profile.ends import softmax_over_classes
from expert.adapters.keras.profile.fit import count_rows, read_fit
from expert.adapters.keras.profile.model import never_called, read_model
from expert.adapters.keras.profile.modes import always_in_training
from expert.adapters.keras.profile.pipeline import read_pipeline
from expert.adapters.keras.profile.trained_before import trained_before
from expert.adapters.keras.profile.tree import attribute
from expert.history import History, ModelProfile, RunConfig
from expert.history.profiles import DataProfile

FIT = {"gradients_zeroed": True, "training_mode_in_training": True, "evaluation_mode_in_validation": True}
"""The loops of ``fit`` see to these themselves."""
SAME_SHUFFLE = (
    "A seed is set for TensorFlow, and with one fit shuffles arrays into the same order in each epoch; a tf.data "
    "pipeline with shuffle(number of samples) draws anew."
)


def profiles_of(model: Any, fit_parameters: Mapping[str, Any] | None = None) -> tuple[ModelProfile, RunConfig]:
    """Return what a ``keras.Model`` and the call of ``fit`` that trains it tell; None is unknown.

    ``fit_parameters`` are arguments of ``fit`` by their names (``x``, ``epochs``, ``batch_size``, ``validation_split``,
    ``shuffle``, ``class_weight``, ``callbacks`` ...), as far as they are known, and what callbacks find in ``params``
    (``steps``); None where the model is not trained by ``fit``. Of ``x`` only length and kind are asked, of a pipeline
    its steps. Nothing is built, traced, drawn or changed, and
    nothing raises.
    """
    history = read_profiles(model, fit_parameters)
    return history.model, history.config


def read_profiles(model: Any, fit_parameters: Mapping[str, Any] | None = None) -> History:
    """As `profiles_of`, but a History that holds notes, too."""
    config, notes = read_compiled(model)
    profile, data = read_model(model), DataProfile()
    unused = never_called(model)
    if unused:
        shown = ", ".join(unused[:5]) + (" ..." if len(unused) > 5 else "")
        notes += (f"The code of the model never calls {shown}.",)
    if softmax_over_classes(model) is not None:
        config = config.model_copy(update={"softmax_over_classes": softmax_over_classes(model)})
    if trained_before(model):
        config = config.model_copy(update={"pretrained": True})
    if fit_parameters is not None:
        known = FIT | _of_fit(fit_parameters)
        if "schedule" in known and config.schedule is not None:
            del known["schedule"]  # a callback cannot change the rate of an optimizer that has a schedule
        elif "callbacks" in fit_parameters and "schedule" not in known and config.schedule is None:
            known["schedule"] = "none"
        noisy = always_in_training(model)
        if noisy:
            known["evaluation_mode_in_validation"] = False
            notes += (f"Called with training=True, and so in validation, too: {', '.join(noisy[:5])}.",)
        if known.get("shuffle") and "order_redrawn" not in known:
            notes += (SAME_SHUFFLE,)
        pipeline = read_pipeline(fit_parameters.get("x"))
        known |= {name: value for name, value in pipeline.config if value is not None}
        notes += pipeline.notes
        samples = pipeline.data.samples or count_rows(fit_parameters.get("x"))
        data = DataProfile(samples=samples)
        config = config.model_copy(update=known)
        if attribute(model, "compiled") and trains_as_keras_does(model):
            profile = profile.model_copy(update={"not_optimized": ()})  # all that is trainable is trained
    return History(model=profile, config=config, data=data, notes=notes)


def _of_fit(parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return read_fit(parameters)
    except Exception:  # callbacks of all kinds
        return {}
