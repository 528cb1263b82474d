"""Keras on TensorFlow for the tests, quiet and imported once; where it is missing the tests fail, not skip."""

from __future__ import annotations

import importlib
import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
importlib.import_module("tensorflow")
keras: Any = importlib.import_module("keras")
