"""Bounds on gradients."""

from __future__ import annotations

from expert.authoring import Remedy, config, keras_code, not_when, set_to, signal, torch_code

VANISHING = not_when(
    (signal.first_to_last_gradient() < 1e-2) & (signal.gradient_spike_ratio() < 10),
    "the gradients of the first layers vanish, and clipping can only make gradients smaller",
)

REMEDIES = (
    Remedy(
        id="FX401",
        name="clip-gradient-norm",
        title="Clip the global norm of the gradients",
        do="Scale the gradients down whenever their common norm exceeds a threshold near the 90th percentile of the "
        "norms seen. This is for exploding gradients and rare spikes and never for vanishing ones; if more than "
        "half of the steps are clipped, lower the learning rate instead.",
        cost="config line",
        risk="low",
        knob="clipping",
        changes=(set_to(config.clip_norm, 1.0),),
        not_when=(
            VANISHING,
            not_when(
                config.clip_norm.between(0.5, 2.0) & (signal.clipped_share() < 0.5),
                "the norm is clipped already, and most steps stay below the bound",
            ),
        ),
        snippets=(
            torch_code("""
                # between backward() and step(); {clip_norm} is the 90th percentile of the norms in this run
                norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm={clip_norm})
                print(float(norm))  # the norm before clipping: log it
            """),
            torch_code("""
                # between backward() and step()
                norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
                print(float(norm))  # the norm before clipping: log it
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"global_clipnorm": {clip_norm}}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"global_clipnorm": 1.0}}
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="fewer than half of the steps are clipped, one in ten at best, and no gradient norm before clipping "
        "exceeds ten times the median",
        worked=(signal.clipped_share() < 0.5) & (signal.gradient_spike_ratio() < 10),
        source=("article 3.2.2", "Pascanu et al. 2013"),
    ),
    Remedy(
        id="FX408",
        name="symmetric-clip",
        title="Clip symmetrically, or by the norm",
        do="Give the clip by value bounds of equal size on both sides of zero, or clip the norm, which keeps the "
        "direction. A lower bound of 0 or above turns every negative component of the gradient round.",
        cost="config line",
        risk="low",
        knob="clipping",
        changes=(set_to(config.clip_value_low, -5.0), set_to(config.clip_value_high, 5.0)),
        snippets=(
            torch_code("""
                torch.nn.utils.clip_grad_value_(model.parameters(), clip_value={clip_bound})  # on both sides
            """),
            torch_code("torch.nn.utils.clip_grad_value_(model.parameters(), clip_value=5.0)  # -5 to 5"),
            keras_code("""
                settings = model.optimizer.get_config() | {{"clipvalue": {clip_bound}}}  # on both sides
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
            keras_code("""
                settings = model.optimizer.get_config() | {{"clipvalue": 5.0}}  # -5 to 5
                model.compile(type(model.optimizer).from_config(settings), loss=loss)
            """),
        ),
        watch="successive gradients no longer all point one way, and the loss falls again",
        worked=(signal.aligned_gradients_share() < 0.5) & (signal.loss_fall() > 0.05),
        source=("article 3.3", "Pascanu et al. 2013"),
    ),
)
