#!/bin/sh
# bootstrap.sh PYTHON VENV: a virtual environment with uv in it, on a machine that may have nothing but Python.
set -eu
python=$1
venv=$2
uv_list=$(dirname "$0")/uv.txt

fail() {
    echo "$1" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "There is no '$python'; install Python 3.11 or newer, or name one: make PY=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed, '$python' is older; name another: make PY=python3.12"

if [ -e "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ]; then
    fail "'$venv' is there and is no virtual environment; name another place: make VENV=…"
fi
rm -rf "$venv" # what an interrupted attempt left
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$uv_list"
elif "$python" -c 'import pip, venv' 2>/dev/null; then
    # Debian keeps ensurepip in python3-venv; pip, where it is installed, can fill an empty environment from outside
    "$python" -m venv --without-pip "$venv"
    "$python" -m pip --python "$venv/bin/python" install -q --disable-pip-version-check --require-hashes -r "$uv_list"
else
    fail "'$python' can make no virtual environment because its ensurepip is missing; on Debian: apt-get install python3-venv"
fi
