#!/usr/bin/env bash
# A group of models: when the first one's provider fails, the second one answers.
#
# Usage: bash failover.sh MODEL, where MODEL works. Needs AISIX_ADMIN_KEY; it makes a caller key of
# its own. What it makes has names with a random ending, so that it can be run again.
set -euo pipefail

model="$1"
proxy="${OPENAI_BASE_URL:-http://127.0.0.1:3000/v1}"
admin="${AISIX_ADMIN_URL:-http://127.0.0.1:3001}/admin/v1"

create() { # collection, document
  local answer
  answer=$(curl -sS --fail-with-body -X POST "${admin}/$1" \
    -H "Authorization: Bearer ${AISIX_ADMIN_KEY}" -H "Content-Type: application/json" -d "$2") || {
    echo "${answer}" >&2 # It says why.
    return 1
  }
  echo "${answer}"
}
id_of() { sed -n 's/^{"id":"\([^"]*\)".*/\1/p'; }

ending=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
gone="gone-${ending}"
group="resilient-${ending}"

# A provider that nobody listens for: every call to it fails.
key=$(create provider_keys '{"display_name": "'"${gone}"'", "provider": "gone", "adapter": "openai",
  "secret": "unused", "api_base": "http://127.0.0.1:9/v1"}' | id_of)
create models '{"display_name": "'"${gone}"'", "provider": "gone", "model_name": "gone",
  "provider_key_id": "'"${key}"'"}' > /dev/null

# The group: the caller names it, and need not know of its parts (the header x-aisix-served-by says
# which of them answered).
create models '{"display_name": "'"${group}"'", "routing": {"targets": [
  {"model": "'"${gone}"'"}, {"model": "'"${model}"'"}]}}' > /dev/null

caller="sk-example-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
hash=$(printf '%s' "${caller}" | sha256sum | cut -d' ' -f1)
create apikeys '{"key_hash": "'"${hash}"'", "allowed_models": ["'"${group}"'"]}' > /dev/null

curl -sS --fail-with-body -D - "${proxy}/chat/completions" \
  -H "Authorization: Bearer ${caller}" -H "Content-Type: application/json" \
  -d '{"model": "'"${group}"'", "messages": [{"role": "user", "content": "Who answers?"}]}'
echo
