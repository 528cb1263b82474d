"""The catalogue of remedies, by theme: each module holds a tuple ``REMEDIES``.

Names that the snippets take as given:

* PyTorch: ``torch``, ``nn``, ``F`` (torch.nn.functional); ``model``, ``optimizer``, ``scheduler``, ``loss_fn``,
  ``dataset``, ``loader``, ``val_loader``, ``inputs`` and ``targets`` (one batch, or the set where a comment says so),
  ``logits``, ``loss``, ``scaler`` (of mixed precision), ``epochs``.
* Keras 3: ``keras``, ``np``; ``model``, ``x_train``, ``y_train``, ``x_val``, ``y_val``, ``loss`` (the compiled loss).
* NumPy: ``np``; ``x`` and ``y`` (samples first), ``x_train``, ``y_train``, ``x_val``, ``y_val``.

Each framework's last snippet has no placeholder, so that there is code to show where the run's numbers are not known.
"""
