"""What a caller may set, where it may be written, and where each value comes from."""

from expert.settings.reading import settings_from
from expert.settings.record import FAIL_ON, FailOn, Settings, Suppression

__all__ = ["FAIL_ON", "FailOn", "Settings", "Suppression", "settings_from"]
