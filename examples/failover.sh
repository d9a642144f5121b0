#!/usr/bin/env bash
# A group of models: when the first one's provider fails, the second one answers.
#
# Usage: bash failover.sh MODEL, where MODEL works. Needs AISIX_ADMIN_KEY; it makes a caller key of
# its own.
set -euo pipefail

model="$1"
proxy="${OPENAI_BASE_URL:-http://127.0.0.1:3000/v1}"
admin="${AISIX_ADMIN_URL:-http://127.0.0.1:3001}/admin/v1"

create() { # collection, document
  curl -sS --fail-with-body -X POST "${admin}/$1" \
    -H "Authorization: Bearer ${AISIX_ADMIN_KEY}" -H "Content-Type: application/json" -d "$2"
}
id_of() { sed -n 's/^{"id":"\([^"]*\)".*/\1/p'; }

# A provider that nobody listens for: every call to it fails.
key=$(create provider_keys '{"display_name": "gone", "provider": "gone", "adapter": "openai",
  "secret": "unused", "api_base": "http://127.0.0.1:9/v1"}' | id_of)
create models '{"display_name": "gone", "provider": "gone", "model_name": "gone",
  "provider_key_id": "'"${key}"'"}' > /dev/null

# The group: the caller names it, and never learns of its parts.
create models '{"display_name": "resilient", "routing": {"targets": [
  {"model": "gone"}, {"model": "'"${model}"'"}]}}' > /dev/null

caller="sk-example-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
hash=$(printf '%s' "${caller}" | sha256sum | cut -d' ' -f1)
create apikeys '{"key_hash": "'"${hash}"'", "allowed_models": ["resilient"]}' > /dev/null

curl -sS --fail-with-body -D - "${proxy}/chat/completions" \
  -H "Authorization: Bearer ${caller}" -H "Content-Type: application/json" \
  -d '{"model": "resilient", "messages": [{"role": "user", "content": "Who answers?"}]}'
echo
