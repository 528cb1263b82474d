from __future__ import annotations

from expert.authoring import Change, Remedy, keras_code, torch_code

REMEDIES = (
    Remedy(
        id="FX301",
        name="lower-learning-rate",
        title="Lower the learning rate",
        do="Divide the learning rate by 3 to 10 and restart from new weights or from a checkpoint before the trouble.",
        cost="config line",
        risk="low",
        knob="learning-rate",
        direction="down",
        change=Change(target="learning_rate", operation="multiply", value=0.1),
        snippets=(
            torch_code("for group in optimizer.param_groups:\n    group['lr'] = {a_tenth_of_learning_rate}  # was {learning_rate}"),
            torch_code("for group in optimizer.param_groups:\n    group['lr'] /= 10"),
            keras_code("model.optimizer.learning_rate = {a_tenth_of_learning_rate}  # was {learning_rate}"),
            keras_code("model.optimizer.learning_rate = float(model.optimizer.learning_rate) / 10"),
        ),
        watch="the largest update ratio of the first 30 steps stays below 0.1 and the epoch losses turn round less often",
        source=("article 4 row 4",),
    ),
)
