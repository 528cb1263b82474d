"""What the functions a ``forward`` calls do to the numbers that pass through it, by their names.

In-place spellings (``relu_``) are looked up without their underscore.
"""

from __future__ import annotations

SHAPING = frozenset(
    {"broadcast_to", "chunk", "clone", "contiguous", "cpu", "crop", "cuda", "detach", "double", "expand", "expand_as"}
    | {"flatten", "flip", "float", "fold", "gather", "getitem", "half", "identity", "index_select", "interpolate"}
    | {"masked_fill", "mean", "movedim", "narrow", "pad", "permute", "pixel_shuffle", "pixel_unshuffle", "rearrange"}
    | {"repeat", "repeat_interleave", "requires_grad", "reshape", "reshape_as", "roll", "select", "slice", "split"}
    | {"squeeze", "sum", "swapaxes", "swapdims", "t", "take", "tile", "to", "transpose", "tril", "triu", "type"}
    | {"type_as", "unbind", "unflatten", "unfold", "unsqueeze", "upsample", "view", "view_as", "cumsum"}
    | {
        "cast",
        "convert_to_tensor",
        "ensure_shape",
        "expand_dims",
        "moveaxis",
        "reduce_mean",
        "reduce_sum",
        "stop_gradient",
    }
    | {"nan_to_num", "pad_packed_sequence", "pack_padded_sequence", "pop", "bfloat16", "reduce"}
)
"""They move, sum up or convert numbers and bend nothing."""
JOINING = frozenset(
    {"cat", "concat", "concatenate", "hstack", "vstack", "dstack", "stack", "append", "extend", "insert"}
)
PRODUCTS = frozenset(
    {"addmm", "baddbmm", "bmm", "div", "divide", "dot", "einsum", "matmul", "mm", "mul", "multiply", "outer"}
    | {"scaled_dot_product_attention", "spmm", "tensordot", "true_divide"}
)
"""They multiply numbers: bending where both come from the input, and a weight layer where one does."""
MATRICES = frozenset({"addmm", "baddbmm", "bmm", "einsum", "matmul", "mm", "spmm", "tensordot"})
WEIGHTS = frozenset(
    {"bilinear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "embedding"}
    | {"embedding_bag", "linear"}
)
NORMALIZATIONS = {
    "batch_norm": "batch_norm",
    "group_norm": "group_norm",
    "instance_norm": "instance_norm",
    "layer_norm": "layer_norm",
    "local_response_norm": "local_response_norm",
    "rms_norm": "rms_norm",
}
DROPOUTS = frozenset(
    {"alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "dropout_"}
)
LOSSES = frozenset(
    {"binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "hinge_embedding_loss", "huber_loss"}
    | {"l1_loss", "mse_loss", "multi_margin_loss", "nll_loss", "smooth_l1_loss"}
)
BENDING = frozenset(
    {"abs", "absolute", "acos", "asin", "atan", "ceil", "clamp", "clip", "cos", "cosh", "erf", "erfc", "exp", "expm1"}
    | {"floor", "log", "log10", "log1p", "log2", "logsumexp", "maximum", "minimum", "norm", "normalize", "pow", "power"}
    | {"prod", "reciprocal", "round", "rsqrt", "sign", "sin", "sinh", "sqrt", "square", "std", "tan", "var", "where"}
    | {"amax", "amin", "argmax", "argmin", "topk", "sort", "cumprod", "max", "min", "std_mean", "var_mean"}
)
COUNTING = frozenset(
    {
        "all",
        "any",
        "bool",
        "dict",
        "dim",
        "dim_order",
        "enumerate",
        "equal",
        "get",
        "hasattr",
        "int",
        "is_floating_point",
    }
    | {"isinstance", "issubclass", "items", "item", "join", "keys", "len", "list", "ndimension", "numel", "print"}
    | {
        "range",
        "reversed",
        "set",
        "size",
        "sorted",
        "str",
        "stride",
        "tuple",
        "type",
        "values",
        "zip",
        "warn",
        "format",
    }
    | {"warning", "warning_once", "info", "debug", "is_autocast_enabled", "autocast", "no_grad", "set_grad_enabled"}
    | {
        "rank",
        "shape",
        "is_tracing",
        "is_scripting",
        "_assert",
        "record_function",
        "nullcontext",
        "is_grad_enabled",
        "get_device",
    }
)
"""They tell of numbers, or of lists, and make none that the output is made of."""
MAKING = frozenset(
    {
        "arange",
        "bernoulli",
        "empty",
        "empty_like",
        "eye",
        "full",
        "full_like",
        "linspace",
        "new_empty",
        "new_full",
        "new_ones",
    }
    | {
        "new_tensor",
        "new_zeros",
        "ones",
        "ones_like",
        "rand",
        "rand_like",
        "randint",
        "randn",
        "randn_like",
        "randperm",
    }
    | {"tensor", "zeros", "zeros_like", "device", "as_tensor", "meshgrid", "Size"}
)
REPORTING = frozenset(
    {"log", "log_dict", "print", "optimizers", "lr_schedulers", "manual_backward", "toggle_optimizer"}
)
"""Methods of a LightningModule that are no part of the network."""
NUMBERS = frozenset({"shape", "dtype", "device", "ndim", "is_cuda", "requires_grad", "layout", "training", "config"})
"""Attributes of a tensor that are not made of its numbers."""
SAME_NUMBERS = frozenset({"T", "mT", "H", "mH", "data", "real", "logits", "values"})
SHORTCUTS = frozenset({"shortcut", "downsample", "identity", "skip", "residual", "res", "res_conv", "project_input"})
"""What people call the second way round a block."""
PREFERRED = ("logits", "out", "output", "pred", "preds", "prediction", "predictions", "y_hat")
"""Of a mapping of results the one that is the output, by its key."""
