"""What the short names of well-known sources stand for, as rules, remedies and limits cite them."""

from __future__ import annotations

from collections.abc import Mapping

WORKS: Mapping[str, str] = {
    "AutoTrainer 2021": "Zhang et al., AutoTrainer: An Automatic DNN Training Problem Detection and Repair System, "
    "2021",
    "Bardes et al. 2022": "Bardes, Ponce and LeCun, VICReg: Variance-Invariance-Covariance Regularization, 2022",
    "Brodersen et al. 2010": "Brodersen et al., The Balanced Accuracy and Its Posterior Distribution, 2010",
    "Chen and He 2021": "Chen and He, Exploring Simple Siamese Representation Learning, 2021",
    "Chowdhery et al. 2022": "Chowdhery et al., PaLM: Scaling Language Modeling with Pathways, 2022",
    "Clevert et al. 2016": "Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by ELUs, 2016",
    "CS231n": "Stanford CS231n, Convolutional Neural Networks for Visual Recognition, course notes",
    "Deep Learning Tuning Playbook": "Godbole et al., Deep Learning Tuning Playbook, 2023",
    "DeepDiagnosis 2022": "Wardat et al., DeepDiagnosis: Automatically Diagnosing Faults and Recommending Actionable "
    "Fixes in Deep Learning Programs, 2022",
    "Davies et al. 2023": "Davies et al., Unifying Grokking and Double Descent, 2023 (arXiv 2303.06173)",
    "Dehghani et al. 2023": "Dehghani et al., Scaling Vision Transformers to 22 Billion Parameters, 2023",
    "Glorot & Bengio 2010": "Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Neural "
    "Networks, 2010",
    "Goodfellow et al. 2016": "Goodfellow, Bengio and Courville, Deep Learning, MIT Press, 2016",
    "Goyal et al. 2017": "Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017",
    "Guo et al. 2017": "Guo et al., On Calibration of Modern Neural Networks, 2017",
    "He et al. 2015": "He et al., Delving Deep into Rectifiers, 2015",
    "He et al. 2016": "He et al., Deep Residual Learning for Image Recognition, 2016",
    "Hochreiter and Schmidhuber 1997": "Hochreiter and Schmidhuber, Long Short-Term Memory, 1997",
    "Howard and Ruder 2018": "Howard and Ruder, Universal Language Model Fine-tuning for Text Classification, 2018",
    "Ioffe and Szegedy 2015": "Ioffe and Szegedy, Batch Normalization, 2015",
    "Ivanov 2017": "Ivanov, 37 Reasons why your Neural Network is not working, 2017",
    "Izmailov et al. 2018": "Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018",
    "Kalamkar et al. 2019": "Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, 2019",
    "Karpathy 2019": "Karpathy, A Recipe for Training Neural Networks, 2019",
    "Kaufman et al. 2012": "Kaufman et al., Leakage in Data Mining, 2012",
    "King and Zeng 2001": "King and Zeng, Logistic Regression in Rare Events Data, 2001",
    "Kingma and Ba 2015": "Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015",
    "LeCun et al. 1998": "LeCun et al., Efficient BackProp, 1998",
    "Li et al. 2019": "Li et al., Understanding the Disharmony between Dropout and Batch Normalization, 2019",
    "Lin et al. 2017": "Lin et al., Focal Loss for Dense Object Detection, 2017",
    "Loshchilov and Hutter 2017": "Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017",
    "Loshchilov and Hutter 2019": "Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019",
    "Micikevicius et al. 2018": "Micikevicius et al., Mixed Precision Training, 2018",
    "Northcutt et al. 2021": "Northcutt, Jiang and Chuang, Confident Learning: Estimating Uncertainty in Labels, 2021",
    "Pascanu et al. 2013": "Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks, 2013",
    "Power et al. 2022": "Power et al., Grokking: Generalization Beyond Overfitting on Small Data Sets, 2022",
    "Prechelt 1998": "Prechelt, Early Stopping – But When?, 1998",
    "SageMaker Debugger": "Amazon SageMaker Debugger, built-in rules",
    "Smith 2017": "Smith, Cyclical Learning Rates for Training Neural Networks, 2017",
    "Smith 2018": "Smith, A Disciplined Approach to Neural Network Hyper-Parameters: Part 1, 2018",
    "Srivastava et al. 2014": "Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, "
    "2014",
    "Szegedy et al. 2016": "Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016",
    "Tobin 2021": "Tobin, Troubleshooting Deep Neural Networks, 2021",
    "UMLAUT 2021": "Schoop, Huang and Hartmann, UMLAUT: Debugging Deep Learning Programs using Program Structure and "
    "Model Behavior, 2021",
    "Voita et al. 2023": "Voita, Ferrando and Nalmpantis, Neurons in Large Language Models: Dead, N-gram, Positional, "
    "2023 (arXiv 2309.04827)",
    "Wilson et al. 2017": "Wilson et al., The Marginal Value of Adaptive Gradient Methods in Machine Learning, 2017",
    "Wortsman et al. 2023": "Wortsman et al., Small-scale Proxies for Large-scale Transformer Training Instabilities, "
    "2023 (arXiv 2309.14322)",
    "Wu & He 2018": "Wu and He, Group Normalization, 2018",
    "Wu and Johnson 2021": "Wu and Johnson, Rethinking “Batch” in BatchNorm, 2021",
    "Zhang et al. 2018": "Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018",
}
OTHER_NAMES: Mapping[str, str] = {
    "arXiv 2309.14322": "Wortsman et al. 2023",
    "CS231": "CS231n",
    "CS231n notes": "CS231n",
    "GBC": "Goodfellow et al. 2016",
    "Glorot and Bengio 2010": "Glorot & Bengio 2010",
    "Google tuning playbook": "Deep Learning Tuning Playbook",
    "KAR": "Karpathy 2019",
    "KB": "knowledge of the field",
    "Keras documents": "Keras documentation",
    "LLM": "Chowdhery et al. 2022",
    "PyTorch AMP documents": "PyTorch documentation of automatic mixed precision",
    "Schoop et al. 2021": "UMLAUT 2021",
    "SMI": "Smith 2018",
    "TPB": "Deep Learning Tuning Playbook",
    "UML": "UMLAUT 2021",
    "UMLAUT": "UMLAUT 2021",
    "Wu and He 2018": "Wu & He 2018",
}
"""Spellings and abbreviations of the same sources."""


def named(source: str) -> str:
    """The usual name of a source; of several in one phrase, each."""
    return ", ".join(OTHER_NAMES.get(part, part) for part in source.split(", "))


def spelled_out(source: str) -> str:
    """A source in full, where it is known by a short name."""
    name = named(source)
    return WORKS.get(name, name)
