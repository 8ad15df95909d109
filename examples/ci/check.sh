#!/bin/sh
# For a pull request: validates agent.yaml, and fails if it changed without a higher version. With PENSTOCK_URL and
# PENSTOCK_TOKEN, it also prints what pinning the version would do to the agents. Changes nothing.
#
# FILE    the file; agent.yaml by default
# GATEWAY the gateway.yaml whose connections lead to its connectors; not checked by default
# BASE    the revision to compare with; origin/main by default
# FORMAT  github for annotations on the pull request; text by default
set -eu
file=${FILE:-agent.yaml}
base=${BASE:-origin/main}
format=${FORMAT:-text}

penstock-agent config validate --no-references --output "$format" "$file"
if [ -n "${GATEWAY:-}" ]; then
  penstock-gateway config validate --no-references --output "$format" "$GATEWAY" --agent-file "$file"
fi
if git cat-file -e "$base:$file" 2>/dev/null; then
  git show "$base:$file" | penstock-agent config diff --base - --output "$format" "$file"
fi
if [ -n "${PENSTOCK_TOKEN:-}" ]; then
  penstock-gateway config publish --dry-run "$file"
fi
