"""The spellings under which loggers write what the rules know by one name. Pure data; `roles` applies it.

All spellings are in snake case as `roles.snake` writes it: ``Acc@1`` is ``acc_1``, ``lr-Adam/pg1`` is ``lr_adam_pg1``.
Where several columns claim one role, the spelling that stands first wins.
"""

from __future__ import annotations

from typing import Literal

Phase = Literal["train", "val", "test"]
Clock = Literal["step", "epoch", "seconds"]
Direction = Literal["lower", "higher"]
Reduction = Literal["last_batch", "interval_mean", "epoch_mean", "moving_average", "unknown"]

CLOCKS: dict[Clock, tuple[str, ...]] = {
    "epoch": ("epoch", "epochs", "current_epoch", "trainer_epoch", "epoch_number", "epoch_num", "epoch_idx"),
    "step": (
        "trainer_global_step", "global_step", "global_step_max_steps", "iteration", "iterations", "global_iteration",
        "step", "steps", "current_steps", "num_updates", "iter", "iters", "itr", "batch", "global_steps",
        "optimizer_step", "training_step", "update", "updates", "time_total_timesteps", "total_timesteps",
        "num_timesteps", "timesteps", "env_steps", "episode", "episodes",
    ),
    "seconds": (
        "seconds", "elapsed_seconds", "elapsed_time", "elapsed", "time_elapsed", "relative_time", "runtime",
        "time_time_elapsed",
    ),
}  # fmt: skip

PHASES: dict[str, Phase] = {
    "train": "train", "training": "train", "trn": "train",
    "val": "val", "valid": "val", "validation": "val", "eval": "val", "evaluation": "val", "dev": "val",
    "test": "test", "testing": "test", "holdout": "test",
}  # fmt: skip

PHASE_PREFIXES: dict[str, Phase] = {"tr": "train", "va": "val", "vl": "val", "vld": "val", "te": "test", "tst": "test"}
"""Short forms which mean a phase only in front."""

EVALUATORS: dict[str, Phase] = {"coco": "val", "bbox": "val", "segm": "val", "keypoints": "val", "metrics": "val"}
"""Groups before a slash that only an evaluation writes, in detection frameworks: ``coco/AP``, ``metrics/mAP50(B)``."""

EVALUATED_TOGETHER = frozenset({"a_acc", "miou", "m_acc"})
"""What the evaluation of a segmentation (MMSegmentation) writes without saying that it is one."""

TIME = ("time", "time_s", "time_sec", "time_seconds")
"""A time in seconds, of which the columns beside it tell what it measures."""

QUANTITIES: dict[str, tuple[str, ...]] = {
    "loss": (
        "total_loss", "loss_total", "loss", "losses", "lm_loss", "cost", "costs", "objective",
        "loss_metrics_global_avg_loss", "global_avg_loss",
    ),
    "accuracy": (
        "accuracy", "acc", "top1_accuracy", "top1_acc", "accuracy_top1", "acc_top1", "top1", "top_1", "acc1", "acc_1",
        "accuracy_1_top", "prec1", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy",
        "multiclass_accuracy", "mean_token_accuracy", "token_accuracy", "accs", "accuracies", "a_acc",
    ),
    "top5_accuracy": ("top5_accuracy", "top5_acc", "accuracy_top5", "acc_top5", "top5", "top_5", "acc5", "acc_5"),
    "error_rate": ("error_rate", "err", "error", "top1_error", "top1_err", "err1"),
    "f1": ("f1", "f1_score", "f1score", "macro_f1", "f1_macro"),
    "auc": ("auc", "roc_auc", "auroc", "auc_roc", "binary_auroc"),
    "mse": ("mse", "mean_squared_error"),
    "mae": ("mae", "mean_absolute_error"),
    "rmse": ("rmse", "root_mean_squared_error"),
    "perplexity": ("perplexity", "ppl", "ppls", "perplexities", "lm_loss_ppl"),
    "iou": ("iou", "mean_iou", "miou", "m_iou"),
    "r2": ("r2", "r2_score", "r_squared"),
    "d_loss": ("d_loss", "loss_d", "err_d", "disc_loss", "discriminator_loss", "loss_disc", "loss_discriminator"),
    "g_loss": ("g_loss", "loss_g", "err_g", "gen_loss", "generator_loss", "loss_gen", "loss_generator"),
    "reward": (
        "ep_rew_mean", "episodic_return", "episode_return", "episode_reward", "mean_reward", "reward", "rewards",
        "avg_reward", "average_reward", "total_reward", "ep_reward", "ep_return", "return",
    ),
}  # fmt: skip

LOWER_IS_BETTER = frozenset({
    "loss", "losses", "cost", "error", "err", "mse", "mae", "rmse", "mape", "msle", "logcosh", "divergence", "nll",
    "crossentropy", "entropy", "perplexity", "ppl", "wer", "cer", "nme", "fid", "bce", "distance", "rpe", "ate", "epe",
    "ade", "fde", "hd", "hd95", "assd", "lpips", "bpd", "bpc", "eer", "mcd", "chamfer", "fpr", "fnr", "hinge", "huber",
})  # fmt: skip
HIGHER_IS_BETTER = frozenset({
    "accuracy", "acc", "f1", "auc", "auroc", "precision", "recall", "dice", "iou", "miou", "map", "ap", "ar", "r2",
    "bleu", "rouge", "rouge1", "rouge2", "rougel", "meteor", "ndcg", "pck", "ssim", "psnr", "mcc", "kappa", "jaccard",
    "specificity", "sensitivity", "similarity", "hits", "reward", "rewards", "rew", "return", "accs", "accuracies",
    "tpr", "tnr", "mota", "hota", "idf1", "chrf", "pesq", "stoi", "sdr", "sisdr", "auprc", "spearman", "spearmanr",
    "pearson", "pearsonr", "lddt",
})  # fmt: skip

EVERYDAY_WORDS = frozenset({
    "error", "err", "cost", "distance", "hits", "return", "similarity", "entropy", "reward", "rewards",
})  # fmt: skip
"""Words that name a metric only at the end of a name: ``error_type`` is none, ``position_error`` is one."""

OTHER_ROLES: tuple[tuple[str, str], ...] = (
    # role, pattern that the whole name must match (without its phase)
    ("optimizer.momentum", r"(lr_|optimizer_)?(\w+_)?momentum(_\w+)?"),
    ("optimizer.weight_decay", r"(lr_|optimizer_)?(\w+_)?(weight_decay|wd)(_\w+)?"),
    (
        "optimizer.learning_rate",
        r"(x_|opt_|optim_|optimizer_|epoch_|current_|base_|charts_|samples_|encoder_|decoder_|backbone_|head_|actor_"
        r"|critic_|policy_|g_|d_)?(lr|learning_rate)s?"
        r"(_\w*(adam|sgd|rmsprop|adagrad|adadelta|adafactor|lion|muon|lamb|group|pg)\w*)?_?\d*",
    ),
    (
        "gradient.norm_after_clipping",
        r"(clipped|post_clip)_grad(ient)?s?_norm|grad(ient)?s?_norm_((after|post)_clip(ping|ped)?|clipped)",
    ),
    (
        "gradient.norm",
        r"(raw|unclipped|pre_clip)_grad(ient)?s?_norm|grad(ient)?s?_norm_((before|pre)_clip(ping|ped)?|raw|unclipped)"
        r"|(global_|total_)?grad(ient)?s?_(global_|total_|l2_)?norm(_total|_global)?"
        r"|gnorm|grad_2_0_norm_total|l2_norm_grad_global",
    ),
    ("gradient.cosine", r"grad(ient)?_cosine(_similarity)?"),
    ("gradient.zero_share", r"grad(ient)?_zero_share"),
    ("output.spread", r"(output|prediction)s?_spread"),
    ("output.copied_share", r"output_copied_share"),
    ("output.log_normalizer", r"output_log_(z|normalizer)"),
    ("embedding.cosine", r"embeddings?_cosine(_similarity)?"),
    ("embedding.rank_share", r"embeddings?_rank_share"),
    ("attention.largest_logit", r"attention_(largest|max)_logit|(largest|max)_attention_logit"),
    ("attention.sharp_head_share", r"(attention_)?sharp_heads?_share"),
    ("batch.repeated", r"batch_repeated|repeated_batch"),
    ("weight.norm", r"(weights?|param(eter)?s?)_(l2_)?norm(_total|_global)?|l2_norm_param_global"),
    ("update.norm", r"update_norm"),
    ("update.ratio", r"update_(to_weight_)?ratio"),
    ("batch.size", r"(global_)?(batch_size|bsz)"),
    ("scaler.scale", r"(loss|grad|amp|scaler|grad_scaler)_scale"),
    ("scaler.skipped", r"scaler_skipped|skipped_(steps|iterations)|number_of_skipped_iterations"),
    ("time.step_seconds", r"(step|iter|iteration|batch)_(time|seconds)|time_per_(step|iter|iteration|batch)"),
    ("time.epoch_seconds", r"epoch_(time|seconds|duration)(_s|_sec|_seconds)?|time_per_epoch"),
)

FIXED_ROLES = frozenset(role for role, _ in OTHER_ROLES) | {
    "gradient.clipped", "gradient.at_bound_share", "batch.label_entropy", "batch.loss_std",
}  # fmt: skip
"""All roles that are not a phase and a quantity."""

PHASE_SUBJECTS: tuple[str, ...] = ("train", "val", "test", "train_eval")

BOOKKEEPING = (
    r"(rank_)?data_time|eta(_seconds)?|(gpu_|cuda_)?mem(ory)?(_\w+)?|\w*(samples|steps|tokens|images|it|iter)_per_(second|sec|s)(_\w+)?|throughput\w*"
    r"|mfu|\w*flops|total_flos|\w*tokens(_seen)?|(wall_)?(timestamp|clock)|wall_time|date(time)?|seed|rank|percentage|remaining_time"
    r"|(\w+_)?runtime|(train_)?speed\w*|model_preparation_time|jit_compilation_time|total_steps|max_steps|system_\w+|(\w+_)?best(_\w+)?|wps|ups|wpb|oom|fps|sps|(train_)?wall|clip|num_updates|n_updates|fold|unnamed_\d+|index|mode|learning_rate_multiplier"
)
"""A pattern for machine time, memory, counters: written by loggers, but no measurement of the training."""

REDUCTION_WORDS: dict[str, Reduction] = {
    "step": "last_batch", "batch": "last_batch", "iter": "last_batch", "epoch": "epoch_mean",
    "avg": "interval_mean", "average": "interval_mean", "mean": "interval_mean",
    "running": "moving_average", "smooth": "moving_average", "smoothed": "moving_average", "ema": "moving_average",
}  # fmt: skip
"""A first or last word which says over what a value was taken: ``train_loss_step``, ``epoch_loss``, ``avg_loss``."""

EMPTY_ENDINGS = frozenset({"history", "hist", "list", "curve", "value", "values"})
"""A last word that names the container and says nothing: ``loss_history``, ``train_loss_list``."""

STANDING_FOR_LOSS = (
    "nll", "neg_log_likelihood", "negative_log_likelihood", "cross_entropy", "crossentropy", "bce",
    "binary_cross_entropy", "binary_crossentropy", "mse", "mean_squared_error", "rmse", "root_mean_squared_error",
    "mae", "mean_absolute_error",
)  # fmt: skip
"""Quantities that are the loss where nothing is called so; of several kinds the one that stands first."""

CHINESE: dict[str, str] = {
    "学习率": "learning_rate", "准确率": "accuracy", "正确率": "accuracy", "损失": "loss", "困惑度": "perplexity",
    "训练": "train", "验证": "val", "测试": "test",
    "轮次": "epoch", "轮数": "epoch", "步数": "step", "迭代次数": "iteration",
    "召回率": "recall", "梯度范数": "gradient_norm", "批大小": "batch_size", "权重衰减": "weight_decay",
}  # fmt: skip
"""Words of Chinese headers -> the word that the tables above know."""

GROUP_WORDS = frozenset({"metrics", "metric", "losses", "scalars", "log", "main", "rollout", "charts"})
"""First words that group names and say nothing."""
