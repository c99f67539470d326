"""The product on one machine: a local AWS, the real template deployed to it, and a demo organization."""

import sys
from pathlib import Path

# which dialects there are, the domain says; `python -m local.run` starts without its layer
sys.path.insert(0, str(Path(__file__).parents[1] / "layers" / "domain" / "python"))
