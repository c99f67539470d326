"""The product on one machine: a local AWS, the real template deployed to it, and a demo organization."""

import sys
from pathlib import Path

# the list of dialects is the domain's, and `python -m local.run` starts without the domain's layer on the path
sys.path.insert(0, str(Path(__file__).parents[1] / "layers" / "domain" / "python"))
