"""Writes what programs print into tests/data/logs: the lines of their released sources, with numbers of our own.

Run ``python -m tests.data.printed_logs`` after a change here. What Keras, Lightning and the trainer of Hugging Face print
(``keras_fit/fit.log``, ``lightning_bar/fit.log``, ``transformers_console/train.log``) was printed by them and is not made here.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

from tests.data.make_logs import HERE, decay, noise

FILES: dict[str, Callable[[], str]] = {}


def file(path: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    def keep(function: Callable[[], str]) -> Callable[[], str]:
        FILES[path] = function
        return function

    return keep


def joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def traceback(*last: str, rank: str = "") -> list[str]:
    frames = ["Traceback (most recent call last):", '  File "train.py", line 302, in <module>', "    loss.backward()"]
    return [rank + line for line in [*frames, *last]]


@file("nanogpt/interrupted.log")
def _() -> str:
    lines = [
        "tokens per iteration will be: 16,384",
        "found vocab_size = 65 (inside data/shakespeare_char/meta.pkl)",
        "number of parameters: 10.65M",
        "compiling the model... (takes a ~minute)",
    ]
    train, val, batch = decay(9, 4.2, 1.1, 61), decay(9, 4.25, 1.5, 62), decay(401, 4.25, 1.1, 63, 0.04)
    for i, loss in enumerate(batch):
        if i % 50 == 0:
            lines.append(f"step {i}: train loss {train[i // 50]:.4f}, val loss {val[i // 50]:.4f}")
            lines += ["saving checkpoint to out-shakespeare-char"] * (i > 0)
        lines.append(f"iter {i}: loss {loss:.4f}, time {31.5 + i % 7:.2f}ms, mfu {-100.0 if i < 5 else 17.25:.2f}%")
    lines += traceback("KeyboardInterrupt") + traceback("KeyboardInterrupt", rank="[rank0]: ")
    return joined(lines)


@file("nanogpt/out_of_memory.log")
def _() -> str:
    lines = [
        f"iter {i * 10}: loss {loss:.4f}, time 401.25ms, mfu 20.10%" for i, loss in enumerate(decay(70, 10.9, 6.2, 64))
    ]
    message = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a total capacity of 23.65 GiB"
    return joined(lines + traceback(message))


@file("nanogpt/modded.log")
def _() -> str:
    lines = ["=" * 100, "Running Python 3.12.3", "=" * 100]
    train, val = decay(200, 10.8, 3.4, 65), decay(9, 10.8, 3.35, 66)
    for i in range(201):
        if i % 25 == 0:
            lines.append(f"step:{i}/200 val_loss:{val[i // 25]:.4f} train_time:{i * 160}ms step_avg:{160.0:.2f}ms")
        if i < 200:
            lines.append(f"step:{i + 1}/200 train_loss:{train[i]:.4f} train_time:{i * 160 + 160}ms step_avg:160.10ms")
    lines.append("peak memory allocated: 31519 MiB reserved: 46310 MiB")
    return joined(lines)


@file("nanogpt/build_console.log")
def _() -> str:
    lines = ["total desired batch size: 524288", "=> calculated gradient accumulation steps: 32"]
    for i, loss in enumerate(decay(120, 10.9, 5.9, 67)):
        if i % 40 == 0:
            lines += [
                f"validation loss: {loss + 0.02:.4f}",
                f"HellaSwag accuracy: {2400 + i}/10042={(2400 + i) / 10042:.4f}",
            ]
        lines.append(
            f"step {i:5d} | loss: {loss:.6f} | lr {6e-4 * (i + 1) / 715:.4e} | norm: {2.5 - i / 100:.4f} | dt: 340.22ms | tok/sec: 1541023.10"
        )
    return joined(lines)


@file("megatron/pretrain.log")
def _() -> str:
    lines = [
        "using world size: 8, data-parallel size: 8",
        "------------------------ arguments ------------------------",
        "  lr .............................................. 0.0003",
        "training ...",
    ]
    losses = decay(60, 10.6, 3.1, 68)
    for i, loss in enumerate(losses, 1):
        step = i * 100
        dead = 0
        shown = f" lm loss: {loss:.6E} |"
        if i > 52:
            dead, shown = 100, ""
        lines.append(
            f" [2026-03-02 11:{i % 60:02d}:07.123456] iteration {step:8d}/  500000 | consumed samples: {step * 64:12d} | elapsed time per iteration (ms): 412.3 |"
            f" learning rate: {3e-4:.6E} | global batch size: {64:5d} |{shown} loss scale: {65536.0 if not dead else 1.0} |"
            f" grad norm: {1.5 if not dead else math.nan:.3f} | number of skipped iterations: {0:3d} | number of nan iterations: {dead:3d} |"
        )
        if i % 10 == 0 and not dead:
            text = f" validation loss at iteration {step} | lm loss value: {loss + 0.05:.6E} | lm loss PPL: {math.exp(loss + 0.05):.6E} | "
            lines += ["-" * len(text), text, "-" * len(text)]
    return joined(lines)


@file("torchtitan/train.log")
def _() -> str:
    lines = [
        "[rank0]:[titan] 2026-02-03 10:00:00,100 - root - INFO - Starting job: Llama 3 debug training",
        "[rank1]:[titan] 2026-02-03 10:00:00,101 - root - INFO - Starting job: Llama 3 debug training",
    ]
    losses, other = decay(64, 8.2, 3.3, 69), noise(70)
    for i, loss in enumerate(losses):
        step = 1 if i == 0 else i * 10
        for rank in (0, 1):
            lines.append(
                f"[rank{rank}]:[titan] 2026-02-03 10:{i // 60:02d}:{i % 60:02d},512 - root - INFO - \x1b[31mstep: {step:2}  \x1b[32mloss: {loss:7.4f}  "
                f"\x1b[38;2;180;60;0mgrad_norm: {1.4 + 0.2 * next(other):7.4f}  \x1b[36mmemory:  0.96GiB(1.01%)  \x1b[34mtps: {48200 + i:,}  \x1b[36mtflops: 3.46  \x1b[35mmfu: 1.11%\x1b[39m"
            )
        if i % 16 == 15:
            lines.append(
                f"[rank0]:[titan] 2026-02-03 10:{i // 60:02d}:{i % 60:02d},912 - root - INFO - \x1b[33mvalidate step: {step:2}  \x1b[32mloss: {loss + 0.1:7.4f}  \x1b[36mmemory:  0.96GiB(1.01%)  \x1b[34mtps: 90,120\x1b[39m"
            )
    return joined(lines)


@file("mmengine/20260110.log")
def _() -> str:
    lines = [
        "2026/01/10 08:00:00 - mmengine - INFO - ",
        "-" * 60,
        "System environment:",
        "    sys.platform: linux",
        "    GPU 0: NVIDIA A100-SXM4-40GB",
        "-" * 60,
    ]
    losses = iter(decay(80, 2.8, 0.62, 71))
    for epoch in range(1, 9):
        for it in range(50, 501, 50):
            loss = next(losses)
            lines.append(
                f"01/10 08:{epoch:02d}:{it // 10:02d} - mmengine - INFO - Epoch(train)   [{epoch}][{it:3d}/500]  base_lr: 1.0000e-02 lr: {1e-2:.4e}  eta: 2:46:39  time: 0.2891  data_time: 0.0042  memory: 10762  grad_norm: {3.0 + loss:.4f}  loss: {loss:.4f}  loss_cls: {loss * 0.6:.4f}  loss_bbox: {loss * 0.4:.4f}"
            )
        lines += [
            f"01/10 08:{epoch:02d}:55 - mmengine - INFO - Saving checkpoint at {epoch} epochs",
            f"01/10 08:{epoch:02d}:56 - mmengine - INFO - Epoch(val)   [{epoch}][100/313]    eta: 0:00:20  time: 0.09  data_time: 0.01  memory: 2100  ",
            f"01/10 08:{epoch:02d}:59 - mmengine - INFO - Epoch(val) [{epoch}][313/313]    coco/bbox_mAP: {0.04 * epoch:.4f}  coco/bbox_mAP_50: {0.07 * epoch:.4f}  coco/bbox_mAP_s: -1.0000  data_time: 0.0031  time: 0.0890",
        ]
    return joined(lines)


@file("mmcv/iterations.log")
def _() -> str:
    lines = []
    for i, loss in enumerate(decay(64, 1.9, 0.31, 72), 1):
        lines.append(
            f"2026-01-11 09:{i % 60:02d}:00,217 - mmseg - INFO - Iter [{i * 50}/160000]\tlr: 9.{i:02d}0e-03, eta: 1 day, 3:20:11, time: 0.631, data_time: 0.011, memory: 8712, decode.loss_ce: {loss * 0.7:.4f}, decode.acc_seg: {60 + i / 4:.4f}, loss: {loss:.4f}"
        )
        if i % 16 == 0:
            lines.append(
                f"2026-01-11 09:{i % 60:02d}:30,217 - mmseg - INFO - Iter(val) [500]\taAcc: {0.7 + i / 400:.4f}, mIoU: {0.3 + i / 300:.4f}, mAcc: {0.4 + i / 300:.4f}"
            )
    return joined(lines)


@file("darknet/old.log")
def _() -> str:
    lines, mean = ["Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0005", "Resizing"], 0.0
    for i, loss in enumerate(decay(90, 1123.4, 1.9, 73, 0.2), 1):
        mean = loss if i == 1 else mean * 0.9 + loss * 0.1
        lines += [
            "Region Avg IOU: 0.326577, Class: 0.742537, Obj: 0.033966, No Obj: 0.000793, Avg Recall: 0.12500,  count: 8",
            "Region 94 Avg IOU: -nan, Class: -nan, Obj: -nan, No Obj: 0.514, .5R: -nan, .75R: -nan,  count: 0",
            f"{i}: {loss:f}, {mean:f} avg, {0.001 * (i / 1000) ** 4:f} rate, 3.521000 seconds, {i * 64} images",
        ]
        if i % 30 == 0:
            lines.append(f" mean_average_precision (mAP@0.50) = {i / 200:f} ")
    return joined(lines)


@file("darknet/new.log")
def _() -> str:
    return joined(
        [
            f" {i}: loss={loss:.3f}, avg loss={loss * 1.05:.3f}, rate=0.001000, 250.000 milliseconds, {i * 64} images, time remaining=2.1 hours"
            for i, loss in enumerate(decay(80, 900.0, 1.4, 74), 1)
        ]
    )


@file("cyclegan/train.log")
def _() -> str:
    lines = [
        "----------------- Options ---------------",
        "                    beta1: 0.5",
        "              n_epochs: 20",
    ]
    lines += ["----------------- End -------------------", "[Network G] Total number of parameters : 11.378 M"]
    parts = ("D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B")
    courses = [
        decay(60, *ends, 90 + seed) for seed, ends in enumerate([(0.6, 0.2), (0.4, 0.5), (3.1, 0.9), (1.4, 0.4)] * 2)
    ]
    for i, losses in enumerate(zip(*courses, strict=True)):
        if i % 3 == 0:
            lines.append(f"learning rate 0.0002000 -> {0.0002 if i < 30 else 0.0001:.7f}")
        said = " ".join(f"{name}: {loss:.3f}" for name, loss in zip(parts, losses, strict=True))
        lines.append(f"(epoch: {i // 3 + 1}, iters: {100 * (i % 3 + 1)}, time: 0.245, data: 0.121) {said} ")
        if i % 3 == 2:
            lines.append(f"End of epoch {i // 3 + 1} / 20 \t Time Taken: 41 sec")
    return joined(lines)


@file("composer/logs-rank0.txt")
def _() -> str:
    lines = [
        "[hyperparameter]: rank_zero_seed: 17 ",
        "[stdout]: Starting training... ",
        "[trace]: algorithm_traces/LabelSmoothing/EpochStart: 1",
    ]
    for i, loss in enumerate(decay(75, 2.3, 0.21, 75), 1):
        lines += [
            f"[metric][batch={i}]: trainer/global_step: {i} ",
            f"[metric][batch={i}]: loss/train/total: {loss:.4f} ",
            f"[metric][batch={i}]: lr-DecoupledAdamW/group0: {0.001:.4f} ",
            f"[metric][batch={i}]: l2_norm/grad/global: {1.5:.4f} ",
        ]
        if i % 15 == 0:
            lines += [
                f"[metric][batch={i}]: metrics/eval/MulticlassAccuracy: {1 - loss / 3:.4f} ",
                f"[metric][batch={i}]: metrics/eval/CrossEntropy: {loss + 0.1:.4f} ",
            ]
    return joined(lines)


@file("transformers_console/filtered_nan.log")
def _() -> str:
    lines = []
    for i, loss in enumerate(decay(30, 2.4, 1.1, 76)):
        dead = i > 17
        bar = f"\r {i * 3:2d}%|{'█' * (i // 3)}| {i * 10}/300 [00:{i:02d}<01:00,  8.11it/s]"
        loss_text, norm = ("0.0", "nan") if dead else (f"{loss:.4f}", "1.25")
        lines.append(
            f"{bar}\r{' ' * 60}\r{{'loss': {loss_text}, 'grad_norm': {norm}, 'learning_rate': {5e-5 * (1 - i / 30):.6g}, 'epoch': {(i + 1) / 10}}}"
        )
    lines.append(
        "{'train_runtime': 61.5, 'train_samples_per_second': 80.1, 'train_steps_per_second': 4.9, 'train_loss': 0.95, 'epoch': 3.0}"
    )
    return joined(lines)


@file("keras_fit/old_bar.log")
def _() -> str:
    text = "Train on 50000 samples, validate on 10000 samples\n"
    for epoch, (loss, val) in enumerate(zip(decay(15, 2.1, 0.4, 77), decay(15, 2.0, 0.8, 78), strict=True), 1):
        text += f"Epoch {epoch}/15\n"
        for done in (1, 200, 391):
            bar = "=" * (done * 29 // 391) + ">" + "." * (29 - done * 29 // 391)
            text += (
                f"\r{done:3d}/391 [{bar}] - ETA: 1s - loss: {loss + 0.1:.4f} - acc: 0.5000"
                if done < 391
                else f"\r391/391 [{'=' * 30}] - 4s 9ms/step - loss: {loss:.4f} - acc: {1 - loss / 4:.4f} - val_loss: {val:.4f} - val_acc: {1 - val / 4:.4f} - lr: 1.0000e-03\n"
            )
        if epoch == 10:
            text += "\nEpoch 10: ReduceLROnPlateau reducing learning rate to 0.0005000000237487257.\n"
    return text + "313/313 [==============================] - 1s 2ms/step - loss: 0.9000 - acc: 0.7000\n"


@file("keras_fit/one_line_an_epoch.log")
def _() -> str:
    lines = []
    for epoch, loss in enumerate(decay(10, 0.69, 0.2, 79), 1):
        lines += [
            f"Epoch {epoch}/10",
            f"40/40 - 0s - 3ms/step - accuracy: {1 - loss / 2:.4f} - loss: {loss:.4f} - val_accuracy: {1 - loss / 2:.4f} - val_loss: {loss + 0.02:.4f}",
        ]
    return joined([*lines, "Epoch 11/10", "\x1b[1m12/40\x1b[0m ━━━━ 0s 3ms/step - accuracy: 0.9000 - loss: 0.1000"])


@file("fastai/printed_table.txt")
def _() -> str:
    lines = ["epoch     train_loss  valid_loss  accuracy  time    "]
    for epoch, loss in enumerate(decay(8, 0.9, 0.2, 80)):
        lines += [
            "Epoch 1/8 : |█████-----------------| 22.00% [22/100 00:01<00:05 0.6931]",
            f"{epoch:<10}{loss:.6f}    {loss + 0.05:.6f}    {1 - loss / 3:.6f}  00:12     ",
        ]
    return joined(lines)


@file("pytorch_examples/mnist.log")
def _() -> str:
    lines, losses = [], iter(decay(100, 2.3, 0.08, 81, 0.3))
    for epoch in range(1, 11):
        lines += [
            f"Train Epoch: {epoch} [{i * 6400}/60000 ({i * 640000 / 60000:.0f}%)]\tLoss: {next(losses):.6f}"
            for i in range(10)
        ]
        hits = 9000 + 85 * epoch
        lines += ["", f"Test set: Average loss: {0.3 / epoch:.4f}, Accuracy: {hits}/10000 ({hits / 100:.0f}%)", ""]
    return joined(lines)


@file("meters/torchvision.log")
def _() -> str:
    lines, losses = (
        ["Namespace(data_path='/datasets/imagenet', model='resnet50')", "Start training"],
        iter(decay(60, 6.9, 2.2, 82)),
    )
    for epoch in range(6):
        mean = 0.0
        for i in range(0, 100, 10):
            loss = next(losses)
            mean = loss if i == 0 else 0.7 * mean + 0.3 * loss
            lines.append(
                f"Epoch: [{epoch}]  [{i:3d}/100]  eta: 0:01:{59 - i // 2:02d}  lr: 0.1  img/s: 812.1  loss: {loss:.4f} ({mean:.4f})  acc1: {70 - 10 * loss:.4f} ({69 - 10 * loss:.4f})  acc5: {90 - 10 * loss:.4f} ({89 - 10 * loss:.4f})  time: 0.2891  data: 0.0042  max mem: 9112"
            )
        lines.append(f"Epoch: [{epoch}] Total time: 0:02:11")
        lines += [
            f"Test:   [{i:2d}/50]  eta: 0:00:10  loss: {loss:.4f} ({loss + 0.1:.4f})  acc1: 50.0000 ({68 - 10 * loss:.4f})  acc5: 75.0000 ({88 - 10 * loss:.4f})  time: 0.2  data: 0.1  max mem: 9112"
            for i in (0, 25, 49)
        ]
        lines += ["Test:  Total time: 0:00:09", f"Test:  Acc@1 {68 - 10 * loss:.3f} Acc@5 {88 - 10 * loss:.3f}"]
    return joined(lines)


@file("meters/imagenet.log")
def _() -> str:
    lines, losses = ["=> creating model 'resnet18'"], iter(decay(60, 6.9, 2.4, 83))
    for epoch in range(6):
        for i in range(1, 5005, 501):
            loss = next(losses)
            lines.append(
                f"Epoch: [{epoch}][{i:4d}/5005]\tTime  0.302 ( 0.512)\tData  0.000 ( 0.021)\tLoss {loss:.4e} ({loss + 0.01:.4e})\tAcc@1 {70 - 10 * loss:6.2f} ({69 - 10 * loss:6.2f})\tAcc@5 {90 - 10 * loss:6.2f} ({89 - 10 * loss:6.2f})"
            )
        lines += [
            f"Test: [{i:3d}/196]\tTime  0.302 ( 0.512)\tLoss {loss:.4e} ({loss + 0.2:.4e})\tAcc@1  50.00 ({66 - 10 * loss:6.2f})\tAcc@5  75.00 ({86 - 10 * loss:6.2f})"
            for i in (1, 101, 191)
        ]
        lines.append(f" *   Acc@1 {66 - 10 * loss:.3f} Acc@5 {86 - 10 * loss:.3f}")
    return joined(lines)


@file("yolov5/console.log")
def _() -> str:
    text = "Transferred 349/355 items from yolov8n.pt\nStarting training for 8 epochs...\n"
    for epoch, loss in enumerate(decay(8, 1.9, 0.8, 84), 1):
        text += "\n      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
        for percent in (10, 60, 100):
            more = loss + (100 - percent) / 100
            text += f"\r        {epoch}/8      2.35G     {more:6.4g}     {more * 1.2:6.4g}     {more * 0.9:6.4g}         32        640: {percent:3d}%|{'█' * (percent // 10):10}| {percent // 10}/10 [00:03<00:00,  3.20it/s]"
        text += "\n                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|██████████| 4/4 [00:01<00:00,  3.1it/s]\n"
        text += f"                   all        128        929      {0.5 + epoch / 40:.3g}      {0.4 + epoch / 40:.3g}      {0.45 + epoch / 30:.3g}      {0.3 + epoch / 30:.3g}\n"
    return (
        text
        + "\n8 epochs completed in 0.012 hours.\n                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|██████████| 4/4 [00:01<00:00,  3.1it/s]\n                   all        128        929      0.999      0.999      0.999      0.999\n"
    )


@file("text_tables/markdown.md.txt")
def _() -> str:
    lines = [
        "# Training of the second model",
        "",
        "| epoch | train loss | train acc | val loss | val acc |",
        "|------:|:----------:|-----------|----------|---------|",
    ]
    lines += [
        f"| {i} | {loss:.4f} | {90 - 9 * loss:.2f}% | {loss + 0.1:.4f} | {88 - 9 * loss:.2f}% |"
        for i, loss in enumerate(decay(10, 7.0, 1.2, 85))
    ]
    return joined(lines)


@file("text_tables/drawn.txt")
def _() -> str:
    rule = "+-------+------------+----------+"
    lines = [rule, "| Epoch | Train Loss | Val Loss |", rule]
    return joined(
        lines
        + [f"| {i:5d} | {loss:10.4f} | {loss + 0.1:8.4f} |" for i, loss in enumerate(decay(10, 2.0, 0.5, 86), 1)]
        + [rule]
    )


@file("text_tables/aligned.log")
def _() -> str:
    lines = [
        "Re-initializing module.",
        "  epoch    train_loss    valid_acc    valid_loss     dur",
        "-------  ------------  -----------  ------------  ------",
    ]
    return joined(
        lines
        + [
            f"{i:7d}        {loss:.4f}       {1 - loss / 3:.4f}        {loss + 0.1:.4f}  0.0213"
            for i, loss in enumerate(decay(12, 0.7, 0.2, 99), 1)
        ]
    )


@file("printed_anything/transfer_tutorial.log")
def _() -> str:
    lines = []
    for epoch, loss in enumerate(decay(25, 0.7, 0.2, 91)):
        lines += [f"Epoch {epoch}/24", "----------", f"train Loss: {loss:.4f} Acc: {1 - loss / 2:.4f}"]
        lines += [f"val Loss: {loss + 0.02:.4f} Acc: {0.99 - loss / 2:.4f}", ""]
    return joined([*lines, "Training complete in 1m 5s", "Best val Acc: 0.941176"])


@file("printed_anything/quickstart_tutorial.log")
def _() -> str:
    lines, losses = [], iter(decay(80, 2.3, 0.8, 92))
    for epoch in range(1, 9):
        lines += [f"Epoch {epoch}", "-" * 31]
        for batch in range(10):
            loss = next(losses)
            lines.append(f"loss: {loss:>7f}  [{64 + 6400 * batch:>5d}/60000]")
        lines += ["Test Error: ", f" Accuracy: {100 - 25 * loss:>0.1f}%, Avg loss: {loss + 0.02:>8f} ", ""]
    return joined([*lines, "Done!"])


@file("printed_anything/cifar_tutorial.log")
def _() -> str:
    lines, losses = ["Files already downloaded and verified"], iter(decay(18, 2.2, 1.1, 93))
    for epoch in (1, 2, 3):
        lines += [f"[{epoch}, {2000 * batch:5d}] loss: {next(losses):.3f}" for batch in range(1, 7)]
    return joined([*lines, "Finished Training", "Accuracy of the network on the 10000 test images: 54 %"])


@file("printed_anything/fairseq.log")
def _() -> str:
    lines = []
    for i, loss in enumerate(decay(32, 9.0, 4.0, 94)):
        epoch = i // 4 + 1
        lines.append(
            f"2026-01-02 03:04:{i:02d} | INFO | train_inner | epoch {epoch:03d}:    {100 * (i % 4 + 1)} / 450 loss={loss:.3f}, nll_loss={loss - 0.3:.3f}, ppl={2**loss:.2f}, wps=12000.5, ups=3.2, wpb=3700, bsz=120, num_updates={100 * (i % 4 + 1) + 450 * (epoch - 1)}, lr=0.0001, gnorm=1.2, loss_scale=16, train_wall=30, gb_free=9.1, wall=60"
        )
        if i % 4 == 3:
            lines.append(
                f"2026-01-02 03:05:00 | INFO | valid | epoch {epoch:03d} | valid on 'valid' subset | loss {loss + 0.1:.3f} | nll_loss {loss - 0.2:.3f} | ppl {2 ** (loss + 0.1):.2f} | wps 41000 | num_updates {450 * epoch} | best_loss {loss:.3f}"
            )
    return joined(lines)


@file("printed_anything/word_language_model.log")
def _() -> str:
    lines, losses = [], iter(decay(48, 7.6, 4.6, 95))
    for epoch in range(1, 13):
        for batch in (1, 2, 3, 4):
            loss = next(losses)
            lines.append(
                f"| epoch {epoch:3d} | {200 * batch:5d}/ 2983 batches | lr 20.00 | ms/batch 12.30 | loss {loss:5.2f} | ppl {math.exp(loss):8.2f}"
            )
        lines += [
            "-" * 89,
            f"| end of epoch {epoch:3d} | time: 36.10s | valid loss {loss + 0.05:5.2f} | valid ppl {math.exp(loss + 0.05):8.2f}",
            "-" * 89,
        ]
    return joined(lines)


@file("printed_anything/tqdm_loop.log")
def _() -> str:
    text, losses = "", iter(decay(40, 2.0, 0.5, 96))
    for epoch in range(1, 11):
        for k in range(1, 5):
            loss = next(losses)
            text += f"\rEpoch {epoch}/10 train: {25 * k:3d}%|{'█' * k:4}| {25 * k}/100 [00:0{k}<00:01, 31.2it/s, loss={loss:.3f}, lr=1e-3]"
        text += (
            "\n"
            + "".join(
                f"\rval: {50 * k:3d}%|{'█' * k:2}| {10 * k}/20 [00:0{k}<00:01, 31.2it/s, loss={loss + 0.1 * (3 - k):.3f}]"
                for k in (1, 2)
            )
            + "\n"
        )
    return text


@file("printed_anything/headings.log")
def _() -> str:
    lines = []
    for epoch, loss in enumerate(decay(12, 2.0, 0.5, 97), 1):
        lines += [f"=== Epoch {epoch} ===", "Training:", f"  loss: {loss:.3f}", f"  accuracy: {1 - loss / 3:.3f}"]
        lines += ["Validation:", f"  loss: {loss + 0.05:.3f}", f"  accuracy: {0.98 - loss / 3:.3f}"]
    return joined(lines)


@file("printed_anything/chinese.log")
def _() -> str:
    return joined(
        [
            f"第{epoch}轮：训练损失：{loss:.3f}，验证损失：{loss + 0.05:.3f}，准确率：{1 - loss / 3:.3f}"
            for epoch, loss in enumerate(decay(12, 2.0, 0.5, 98), 1)
        ]
    )


@file("printed_anything/service.log")
def _() -> str:
    return joined(
        [
            f"2026-01-02 03:04:{i:02d} INFO request {i} GET /step/{i % 7} took {i * 3}ms status 200 packet loss: 0.{i}%"
            for i in range(40)
        ]
    )


@file("printed_anything/finished_trials.log")
def _() -> str:
    return joined([f"Trial {i} finished: val_loss 0.{50 - i} val_acc 0.{50 + i}" for i in range(12)])


@file("printed_anything/shuffled.log")
def _() -> str:
    return joined([f"epoch {i * 37 % 101} loss {1 + i % 5}.5" for i in range(60)])


@file("printed_anything/source.txt")
def _() -> str:
    return joined(
        [
            "import torch",
            "epochs = 10",
            "lr = 0.1",
            "for epoch in range(epochs):",
            "    loss = 0.0",
            "    print(f'epoch {epoch} loss {loss:.3f}')",
            "    if step % 100 == 0: acc = 1",
        ]
    )


def main() -> None:
    """Write all files."""
    for path, make in FILES.items():
        target = HERE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(make().encode())
    print(f"{len(FILES)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
