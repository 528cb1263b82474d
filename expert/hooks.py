"""The marker a plugin puts on its hook functions, ``@hookimpl``, and the version of what it is written against."""

from __future__ import annotations

import pluggy

hookimpl = pluggy.HookimplMarker("expert")

API = 1
"""Rises when a plugin written before would no longer work. A plugin may declare what it needs: ``expert_api = 1``."""


def api_fault(declared: object) -> str:
    """What keeps a plugin that declares this version from being loaded; empty where it fits."""
    from expert import __version__

    if not isinstance(declared, int | str) or isinstance(declared, bool):
        return f"expert_api is the version of the plugin API it is written for, such as {API}, not {declared!r:.80}."
    if str(declared).strip() == str(API):
        return ""
    offered = f"training-expert {__version__} offers version {API}"
    return f"it is written for version {declared} of the plugin API, but {offered}."
