#!/bin/sh -e
# Builds /opt/openstack inside the builder. $1 is the lock file.
# Resolved already, so nothing may be added to or taken from the list.
python3.11 -m venv /opt/openstack
# Compiled below, on all processors.
/opt/openstack/bin/pip install --no-deps --no-compile --no-input \
  --disable-pip-version-check --progress-bar off -r "$1"
/opt/openstack/bin/python -m compileall -q -j 0 /opt/openstack/lib
