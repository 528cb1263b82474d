"""The marker a plugin puts on its hook functions: ``@hookimpl``."""

from __future__ import annotations

import pluggy

hookimpl = pluggy.HookimplMarker("expert")
