#!/bin/sh
# Fills in the names of nginx.conf.template, each from the environment and GATEWAY_TOKEN from the file that GATEWAY_TOKEN_FILE names, and
# becomes NGINX. Arguments are NGINX's: -t says whether it takes the configuration.
set -eu
umask 077
template=${GATEWAY_TEMPLATE:-/etc/streamhub/nginx.conf.template}
if [ -n "${GATEWAY_TOKEN_FILE:-}" ]; then
  GATEWAY_TOKEN=$(cat "$GATEWAY_TOKEN_FILE")
  export GATEWAY_TOKEN
fi
names=$(grep -o '\${GATEWAY_[A-Z_]*}' "$template" | sort -u)
for name in $names; do
  bare=${name#??}
  bare=${bare%?}
  eval "value=\${$bare:-}"
  if [ -z "$value" ]; then
    echo "$bare must be set: the head of $template says what it is." >&2
    exit 1
  fi
done
configuration=$GATEWAY_RUN_DIR/nginx.conf
# shellcheck disable=SC2086 # One argument with all the names.
envsubst "$(echo $names)" <"$template" >"$configuration"
# From here on it stands in the configuration, which nobody else may read.
unset GATEWAY_TOKEN
exec nginx -c "$configuration" -g 'daemon off;' "$@"
