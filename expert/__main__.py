"""``python -m expert`` is the command ``expert``."""

import sys

from expert.cli import main

sys.exit(main())
