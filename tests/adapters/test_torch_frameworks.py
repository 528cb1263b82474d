"""What Hugging Face, Lightning and accelerate make of modules, losses and optimizers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from expert.adapters.torch.profile.model import READER, read_module, read_settings
from expert.adapters.torch.profile.optimizer import read_optimizer
from expert.history import RunConfig
from expert.reading import ReadRequest

from .torch_convolutional_nets import ResNet

FIELDS = ("depth", "activation", "output_activation", "output_units", "normalization", "residual", "dropout")


def hugging_face(name: str) -> nn.Module:
    transformers = pytest.importorskip("transformers")
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    if name == "bert":
        config = transformers.BertConfig(vocab_size=100, num_labels=3, **size)
        net = transformers.BertForSequenceClassification(config)
    elif name == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=100, n_positions=16, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
        )
        net = transformers.GPT2LMHeadModel(config)
    elif name == "llama":
        config = transformers.LlamaConfig(vocab_size=100, num_key_value_heads=2, **size)
        net = transformers.LlamaForCausalLM(config)
    else:
        net = transformers.ViTForImageClassification(transformers.ViTConfig(image_size=16, patch_size=4, **size))
    made: nn.Module = net
    return made


@pytest.mark.parametrize(
    ("name", "expected", "task"),
    [
        ("bert", (10, "gelu", "none", 3, "layer", True, 0.1), "classification"),
        ("gpt2", (9, "gelu", "none", 100, "layer", True, 0.1), "language_model"),
        ("llama", (9, "silu", "none", 100, "layer", True, None), "language_model"),
        ("vit", (10, "gelu", "none", 2, "layer", True, 0.0), "classification"),
    ],
)
def test_models_of_hugging_face(name: str, expected: tuple[Any, ...], task: str) -> None:
    net = hugging_face(name)
    found = read_module(net)
    assert dict(zip(FIELDS, expected, strict=True)) == {field: getattr(found, field) for field in FIELDS}
    assert (found.transformer, found.convolutional) == (True, name == "vit")
    assert found.embedding is (name != "vit")
    assert found.parameters == sum(parameter.numel() for parameter in net.parameters())
    assert read_settings(net).task == task


def test_one_label_is_a_quantity() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, num_labels=1
    )
    assert read_settings(transformers.BertForSequenceClassification(config)).task == "regression"


def lightning_module(build: Any) -> Any:
    lightning = pytest.importorskip("lightning")

    class Base(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            build(self)

    return Base


def build_classifier(self: Any) -> None:
    torchmetrics = pytest.importorskip("torchmetrics")
    self.net = ResNet()
    self.criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    self.accuracy = torchmetrics.classification.MulticlassAccuracy(10)


def test_a_lightning_module_is_the_network_it_holds() -> None:
    base = lightning_module(build_classifier)

    class Usual(base):  # type: ignore[misc, valid-type]
        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

        def training_step(self, batch: Any, _index: int) -> Tensor:
            x, y = batch
            logits = self(x)
            self.accuracy(logits.argmax(-1), y)
            loss = self.criterion(logits, y)
            self.log("train_loss", loss)
            return loss

    class WithoutForward(base):  # type: ignore[misc, valid-type]
        def training_step(self, batch: Any, _index: int) -> Tensor:
            x, y = batch
            logits = self.net(x)
            loss = self.criterion(logits, y)
            self.log_dict({"train_loss": loss, "correct": (logits.argmax(-1) == y).float().mean()})
            return loss

    inner = read_module(ResNet())
    for net in (Usual(), WithoutForward()):
        found, settings = read_module(net), read_settings(net)
        for field in (*FIELDS, "parameters", "recurrent", "transformer", "convolutional", "linear"):
            assert getattr(found, field) == getattr(inner, field), field
        assert (settings.loss, settings.label_smoothing, settings.loss_reduction) == ("cross_entropy", 0.1, "mean")
        assert found.layers is not None
        assert found.layers[0].name == "net.conv1"


def build_autoencoder(self: Any) -> None:
    self.encoder = nn.Sequential(nn.Linear(28, 64), nn.ReLU(), nn.Linear(64, 3))
    self.decoder = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 28), nn.Sigmoid())


def test_a_training_step_that_goes_further_than_forward_is_what_is_trained() -> None:
    base = lightning_module(build_autoencoder)

    class Autoencoder(base):  # type: ignore[misc, valid-type]
        def forward(self, x: Tensor) -> Tensor:
            return self.encoder(x)

        def training_step(self, batch: Any, _index: int) -> Tensor:
            x, _ = batch
            x = x.view(x.size(0), -1)
            out = self.decoder(self.encoder(x))
            loss = F.mse_loss(out, x)
            self.log("train_loss", loss)
            return loss

    found = read_module(Autoencoder())
    assert (found.depth, found.output_activation, found.output_units) == (4, "sigmoid", 28)
    assert read_settings(Autoencoder()).loss == "mse"


def test_optimizers_in_their_wrappers() -> None:
    accelerate = pytest.importorskip("accelerate")
    pytest.importorskip("lightning")
    from lightning.fabric import Fabric
    from lightning.pytorch.core.optimizer import LightningOptimizer

    net = nn.Linear(4, 2)
    plain = torch.optim.AdamW(net.parameters(), lr=3e-4)
    expected, notes = read_optimizer(plain, None, RunConfig())
    assert (expected.optimizer, expected.learning_rate, notes) == ("adamw", 3e-4, ())
    accelerator = accelerate.Accelerator(cpu=True)
    prepared, prepared_optimizer = accelerator.prepare(net, plain)
    wrapped_net, fabric_optimizer = Fabric(accelerator="cpu", devices=1).setup(nn.Linear(4, 2), plain)
    for wrapped in (LightningOptimizer(plain), prepared_optimizer, fabric_optimizer):
        assert type(wrapped) is not type(plain)
        assert read_optimizer(wrapped, None, RunConfig())[0] == expected
        (history,) = READER.read({"model": net, "optimizer": wrapped}, ReadRequest())
        assert (history.config.optimizer, history.model.not_optimized) == ("adamw", ())
    assert read_module(prepared).output_units == 2
    assert read_module(wrapped_net).output_units == 2


def test_schedulers_in_their_wrappers_and_their_warm_up() -> None:
    transformers = pytest.importorskip("transformers")
    accelerate = pytest.importorskip("accelerate")

    def optimizer() -> torch.optim.Optimizer:
        return torch.optim.SGD(nn.Linear(4, 2).parameters(), lr=0.1)

    steps = optimizer()
    scheduler = transformers.get_cosine_schedule_with_warmup(steps, 100, 1000)
    found, notes = read_optimizer(steps, scheduler, RunConfig())
    assert (found.schedule, found.warmup_steps, found.warm_restarts) == ("cosine_schedule_with_warmup", 100, False)
    assert (found.learning_rate, notes) == (0.1, ())
    prepared = accelerate.Accelerator(cpu=True).prepare(scheduler)
    assert read_optimizer(steps, prepared, RunConfig())[0] == found
    hard = transformers.get_cosine_with_hard_restarts_schedule_with_warmup(optimizer(), 10, 100, num_cycles=3)
    assert read_optimizer(hard.optimizer, hard, RunConfig())[0].warm_restarts is True
    constant = transformers.get_constant_schedule(optimizer())
    assert read_optimizer(constant.optimizer, constant, RunConfig())[0].schedule == "none"
    adafactor = transformers.optimization.Adafactor(nn.Linear(4, 2).parameters())
    assert read_optimizer(adafactor, None, RunConfig())[0].learning_rate is None
