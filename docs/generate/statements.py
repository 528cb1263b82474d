"""Every statement of the seed article, in our words, under the paragraph that rules and remedies cite.

The judgment says what measurement made of it: kept, corrected (with what is wrong) or decided by evidence.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """A statement: ``paragraph`` as cited ("1.3", "4 row 5", "ERR-1"), what it says, and what became of it."""

    paragraph: str
    says: str
    judgment: str


STATEMENTS = (
    Statement("1", "The loss swings too much.", "Kept as a symptom; what drives it is decided by evidence."),
    Statement("1.1", "Too little capacity makes the loss swing; one more fully connected layer helps.", "Decided by evidence (IMPR-1): only where gradients reach the first layer and one batch cannot be overfitted; large swings are blamed on the rate, the summed loss, the order of samples and exploding gradients first."),
    Statement("1.2", "Too small a batch makes the loss swing; a larger batch helps.", "Kept, with the way out the article lacks where memory is short: accumulate gradients or lower the rate."),
    Statement("1.3", "Samples that are not shuffled make the loss swing: whole batches hold one class.", "Kept; the double seeding shown for it is corrected (IMPR-2)."),
    Statement("2", "Many epochs and no more progress.", "Kept as a symptom; compared with the class prior first."),
    Statement("2.1", "A plateau after many epochs: raise the learning rate tenfold; try large rates first, then smaller.", "Decided by evidence (IMPR-3): raised only where updates are tiny and successive gradients agree."),
    Statement("2.2", "A plateau: another optimizer; Adam to experiment, SGD to finish.", "Kept as an order, not as a law (IMPR-4); a new optimizer needs a new rate."),
    Statement("3", "Loss and weights are NaN.", "Kept as a symptom; what broke first decides."),
    Statement("3.1", "Loss and weights are NaN: look for NaN in the preprocessed input; 0/0 and log 0 are the usual origins.", "Kept; the check shown misses infinities (ERR-3)."),
    Statement("3.2", "Gradients explode or vanish: six remedies.", "Kept, each with the disease it is for (IMPR-5)."),
    Statement("3.2.1", "Pre-train, then fine-tune.", "Kept for both."),
    Statement("3.2.2", "Clip gradients and regularize the weights.", "Kept for explosion only; it makes vanishing worse."),
    Statement("3.2.3", "Another activation.", "Kept: non-saturating ones against vanishing, saturating ones against explosion without normalization."),
    Statement("3.2.4", "Batch normalization.", "Kept for both; group or layer normalization for small batches."),
    Statement("3.2.5", "LSTM in place of a plain RNN.", "Kept: cures vanishing through time; it can still explode, so the clip stays."),
    Statement("3.2.6", "Residual structure.", "Kept for both."),
    Statement("3.3", "After clipping and L2 the loss rises.", "Corrected (ERR-1): this clip, not clipping, is to blame."),
    Statement("3.4", "When nothing helps the structure must change: fewer layers.", "Decided by evidence (IMPR-1): initialization, activation, normalization and residuals first; fewer layers last."),
    Statement("4", "Train and validation loss in eight patterns.", "Kept row by row; the missing row is added: training falls while validation rises."),
    Statement("4 row 1", "Both fall: still learning.", "Kept."),
    Statement("4 row 2", "Training falls, validation flattens: overfitting.", "Half right: the onset of it, or the noise ceiling."),
    Statement("4 row 3", "Training flat, validation falls: certainly the data.", "Corrected (ERR-7): one cause among several."),
    Statement("4 row 4", "Both flat: lower the rate or the batch size.", "Decided by evidence (IMPR-3): it contradicts 2.1 and 1.2; both states exist."),
    Statement("4 row 5", "Both rise: structure, hyper-parameters, or data to clean.", "Completed: rate, sign of the loss, gradients not zeroed and wrong clipping come first."),
    Statement("4 row 6", "Training stable above validation: test set too small, or error computed wrongly.", "Completed (ERR-8): dropout, augmentation, penalties and averaging over the epoch come first."),
    Statement("4 row 7", "Training flat and high, validation near zero: remove dropout.", "Softened: check for leakage, then lower dropout before removing it."),
    Statement("4 row 8", "Both rise very slowly: lower the rate, or stop and take the best point.", "Kept."),
    Statement("ERR-1", "The clip to [0.1, 5].", "Error: it makes every gradient positive; a value clip must be symmetric."),
    Statement("ERR-2", "The penalty is computed and its gradient is never taken.", "Error: the penalty must be part of the differentiated loss."),
    Statement("ERR-3", "The check with isnull and isnan.", "Error: log 0 is an infinity; isfinite finds both, in inputs and labels."),
    Statement("ERR-4", "The hand-made cross entropy: summed over the batch, probabilities clamped.", "Error: the sum couples rate and batch; the clamp has no gradient for the worst mistakes."),
    Statement("ERR-5", "Adadelta with rate 0.001.", "Error: its natural rate is 1.0."),
    Statement("ERR-6", "Snippets with typographic quotes and a removed interface; a clip that fails where a variable has no gradient.", "Error: every snippet here is current code."),
    Statement("ERR-7", "Row 3 as a certainty.", "Error: dropout, a penalty inside the training loss and averaging give the same curves."),
    Statement("ERR-8", "Row 6 without its innocent causes.", "Error: they come first."),
    Statement("IMPR-1", "Add a layer (1.1) or remove one (3.4)?", "Decided: the ratio of first to last gradient and the overfit-one-batch test."),
    Statement("IMPR-2", "Shuffling by seeding twice.", "Corrected: one permutation for both, drawn anew each epoch."),
    Statement("IMPR-3", "Raise or lower the rate, larger or smaller batch at a plateau?", "Decided: size of updates, agreement of gradients, jitter; else a probe with both."),
    Statement("IMPR-4", "Adam first, SGD last.", "An order for convolutional image models, not a law."),
    Statement("IMPR-5", "One list for two diseases.", "Split: what is for explosion, what for vanishing."),
    Statement("order 1", "Learning rates: large first, then smaller.", "Kept in the range test."),
    Statement("order 2", "Adam first, SGD last.", "Kept."),
    Statement("order 3", "NaN: input before gradients before clipping before structure.", "Kept."),
    Statement("order 4", "Gradient remedies that leave the layers alone come before a new structure.", "Kept."),
    Statement("order 5", "Structure last.", "Kept."),
    Statement("order 6", "Past its best: stop and take the lowest point.", "Kept."),
)  # fmt: skip
