"""The trainings of the fault benchmark by ``model.fit``: the same setups, as a user of Keras writes them."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
