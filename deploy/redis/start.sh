#!/bin/sh
# Becomes Redis, with redis.conf and the password from the file that REDIS_PASSWORD_FILE names. Arguments are Redis' own.
set -eu
umask 077
password=$(cat "$REDIS_PASSWORD_FILE")
if [ -z "$password" ]; then
  echo "REDIS_PASSWORD_FILE names an empty file." >&2
  exit 1
fi
configuration=${REDIS_RUN_DIR:-/tmp}/redis.conf
{
  cat "${REDIS_CONFIGURATION:-/etc/streamhub/redis.conf}"
  printf 'requirepass %s\n' "$password"
} >"$configuration"
exec redis-server "$configuration" --dir "${REDIS_DATA_DIR:-/data}" "$@"
