#!/bin/sh
# After a merge: publishes the version, pins it, and waits until every connected agent runs it. How the file itself gets to
# the hosts of the agents is up to you; this script expects that to happen at the same time.
#
# POOL     the pool
# FILE     the file; agent.yaml by default
# TIMEOUT  how long agents may take; 10m by default
# CONFIRM  yes: also pin if agents would be quarantined meanwhile, which is normal under pinning: enforce
# Also needs PENSTOCK_URL and PENSTOCK_TOKEN, a token with the role operator.
set -eu
file=${FILE:-agent.yaml}
version=$(penstock-agent config digest --output json "$file" | sed -n 's/^ *"version": \([0-9]*\),*$/\1/p')

penstock-gateway config publish --pool "$POOL" "$file"
penstock-gateway config pin "$POOL" "$version" --dry-run
if [ "${CONFIRM:-}" = yes ]; then
  penstock-gateway config pin "$POOL" "$version" --yes --wait --timeout "${TIMEOUT:-10m}"
else
  penstock-gateway config pin "$POOL" "$version" --wait --timeout "${TIMEOUT:-10m}"
fi
