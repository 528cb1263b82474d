"""Keras on TensorFlow for the tests, quiet and imported once; the tests that need it are skipped where it is absent."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow")
keras: Any = pytest.importorskip("keras")
