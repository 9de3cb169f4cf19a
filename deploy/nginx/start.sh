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
# What this build can: modules that are built in, and those that are loaded.
# shellcheck disable=SC2086 # A pattern, which may fit nothing.
abilities=$(nginx -V 2>&1; cat ${GATEWAY_MODULES:-} 2>/dev/null || true)
case $abilities in
  *ngx_http_brotli_filter_module* | *ngx_brotli*) GATEWAY_BROTLI="include $(dirname "$template")/brotli.conf;" ;;
  *) GATEWAY_BROTLI="# This NGINX has no brotli." ;;
esac
if [ "${GATEWAY_QUIC:-off}" != on ]; then
  GATEWAY_QUIC="# No HTTP/3: GATEWAY_QUIC is not on."
else
  case $abilities in
    *--with-http_v3_module*) ;;
    *)
      echo "GATEWAY_QUIC is on, and this NGINX is built without HTTP/3." >&2
      exit 1
      ;;
  esac
  # Where browsers see it: behind the colon, or 443.
  case ${GATEWAY_HTTPS_AUTHORITY:-} in
    *:*) public=${GATEWAY_HTTPS_AUTHORITY##*:} ;;
    *) public=443 ;;
  esac
  GATEWAY_QUIC="listen $GATEWAY_HTTPS_PORT quic reuseport; add_header Alt-Svc 'h3=\":$public\"; ma=86400' always;"
fi
export GATEWAY_BROTLI GATEWAY_QUIC
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
