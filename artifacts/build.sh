#!/bin/sh
# Make one artifact, with the Python of `make install`: build.sh 3.14 arm64. SAM runs it in a copy of the source, with
# ARTIFACTS_DIR.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=$root/.venv/bin/python
[ -x "$python" ] || python=python3
PYTHONPATH=$root exec "$python" -P -m local.artifact "$1" "$2" "$ARTIFACTS_DIR"
