"""Numbers that overflow, underflow or are not numbers."""

from __future__ import annotations

from expert.authoring import Remedy, config, data, keras_code, not_when, set_to, signal, torch_code

FULL_PRECISION = not_when(config.precision.is_("float32"), "the run computes in float32")
NO_SCALER = not_when(config.precision.is_("float32", "bfloat16"), "only float16 needs a loss scale")

REMEDIES = (
    Remedy(
        id="FX201",
        name="locate-first-nonfinite",
        title="Stop at the first non-finite number and find where it arises",
        do="Stop the run at the first NaN or infinity and look along the way of the computation: input, activations "
        "layer by layer, loss, gradients, weights. Repair the first one in that order; all later ones follow from "
        "it.",
        kind="check",
        cost="check",
        risk="low",
        snippets=(
            torch_code("""
                def stop_at_nonfinite(module, arguments, output):
                    if isinstance(output, torch.Tensor) and not torch.isfinite(output).all():
                        raise RuntimeError(f"the output of {{module}} is not finite")

                hooks = [module.register_forward_hook(stop_at_nonfinite) for module in model.modules()]
                with torch.autograd.set_detect_anomaly(True):  # slow: names the operation of a non-finite gradient
                    loss_fn(model(inputs), targets).backward()
                for hook in hooks:
                    hook.remove()
            """),
            keras_code("""
                import tensorflow as tf

                tf.debugging.enable_check_numerics()  # TensorFlow backend: names the operation; slow
                model.fit(x_train, y_train, callbacks=[keras.callbacks.TerminateOnNaN()])
            """),
        ),
        watch="the place is named: a row of the data, a layer, the loss or a gradient",
        source=("article 3.1", "PyTorch documentation"),
    ),
    Remedy(
        id="FX203",
        name="safe-operators",
        title="Keep roots, logarithms and divisions away from their edge",
        do="Add a small constant inside the root or the norm, and choose a harmless argument before the operation "
        "where its own would be invalid. Choosing afterwards is too late: the gradient of the branch that is not "
        "taken is still NaN.",
        cost="code change",
        risk="low",
        snippets=(
            torch_code("""
                length = (inputs.square().sum(dim=1) + 1e-12).sqrt()   # instead of .sqrt() of a sum that may be 0
                valid = inputs > 0
                logarithm = torch.where(valid, inputs, 1.0).log()      # choose first ...
                logarithm = torch.where(valid, logarithm, 0.0)         # ... and again after it
            """),
            keras_code("""
                from keras import ops

                values = ops.convert_to_tensor(x_train)
                length = ops.sqrt(ops.sum(ops.square(values), axis=1) + 1e-12)
                valid = values > 0
                logarithm = ops.where(valid, ops.log(ops.where(valid, values, 1.0)), 0.0)
            """),
        ),
        watch="loss and gradients stay finite on the batch that broke the run",
        worked=~signal.broken_loss(),
        source=("knowledge of the field", "JAX FAQ on gradients of where"),
    ),
    Remedy(
        id="FX204",
        name="lower-loss-scale",
        title="Begin with a smaller loss scale and compute the loss in float32",
        do="Start the scaler lower and compute softmax and loss in float32. If the scale still falls without end, "
        "something in the forward pass overflows or is NaN for another reason: find that first.",
        cost="config line",
        risk="low",
        knob="loss-scale",
        direction="down",
        not_when=(NO_SCALER,),
        snippets=(
            torch_code("""
                scaler = torch.amp.GradScaler("cuda", init_scale=2.0**12)  # the default is 2.0**16
                loss = loss_fn(logits.float(), targets)
            """),
            keras_code("""
                inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
                inner = type(inner).from_config(inner.get_config())
                optimizer = keras.mixed_precision.LossScaleOptimizer(inner, initial_scale=2.0**12)  # 2.0**15 is usual
                model.compile(optimizer, loss=loss)
            """),
        ),
        watch="fewer than 1 % of the steps are skipped after the first 200, and the scale settles",
        worked=signal.skipped_step_share() < 0.01,
        source=("knowledge of the field", "Micikevicius et al. 2018"),
    ),
    Remedy(
        id="FX205",
        name="use-bfloat16",
        title="Compute in bfloat16, or keep the delicate parts in float32",
        do="Use bfloat16, which has the range of float32 and needs no loss scale. Where the hardware lacks it, keep "
        "normalization, softmax and loss in float32.",
        cost="config line",
        risk="low",
        knob="precision",
        changes=(set_to(config.precision, "bfloat16"),),
        not_when=(FULL_PRECISION, not_when(config.precision.is_("bfloat16"), "the run uses bfloat16 already")),
        snippets=(
            torch_code("""
                with torch.autocast(inputs.device.type, dtype=torch.bfloat16):
                    logits = model(inputs)
                loss = loss_fn(logits.float(), targets)
            """),
            keras_code("""
                keras.mixed_precision.set_global_policy("mixed_bfloat16")  # before the model is built
                output = keras.layers.Dense(10, dtype="float32")           # the last layer and the loss in full
            """),
        ),
        watch="no step is skipped any more and the first layers move as they do in float32",
        worked=signal.skipped_step_share() < 0.01,
        source=("knowledge of the field", "Kalamkar et al. 2019"),
    ),
    Remedy(
        id="FX206",
        name="unscale-before-clipping",
        title="Unscale the gradients before clipping them",
        do="Call unscale_ between backward and the clip. Otherwise the threshold is compared with gradients that are "
        "thousands of times too large.",
        cost="config line",
        risk="low",
        not_when=(NO_SCALER,),
        snippets=(
            torch_code("""
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)  # now the gradients have their true size
                torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm={clip_norm})
                scaler.step(optimizer)
                scaler.update()
            """),
            torch_code("""
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)  # now the gradients have their true size
                torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
                scaler.step(optimizer)
                scaler.update()
            """),
        ),
        watch="the logged gradient norm is that of a float32 run and only some of the steps are clipped",
        worked=signal.clipped_share() < 0.5,
        source=("knowledge of the field", "PyTorch documentation"),
    ),
    Remedy(
        id="FX303",
        name="skip-nonfinite-steps",
        title="Skip steps with a non-finite gradient, and count them",
        do="Leave the weights alone in a step whose gradient is not finite, and log how often that happens. This is a "
        "guard and no cure: more than a few skips have a cause that must be found.",
        cost="config line",
        risk="medium",
        not_when=(not_when(data.nonfinite_cells > 0, "the data hold non-finite cells: skipping would hide them"),),
        snippets=(
            torch_code("""
                norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
                if torch.isfinite(norm):
                    optimizer.step()
                else:
                    print("skipped a step")  # count these
                optimizer.zero_grad(set_to_none=True)
            """),
            keras_code("""
                inner = type(model.optimizer).from_config(model.optimizer.get_config())
                # skips steps with a non-finite gradient, in any precision
                model.compile(keras.mixed_precision.LossScaleOptimizer(inner), loss=loss)
            """),
        ),
        watch="the count of skipped steps stays close to zero",
        worked=signal.skipped_step_share() < 0.01,
        source=("knowledge of the field", "Chowdhery et al. 2022"),
    ),
)
