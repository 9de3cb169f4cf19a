#!/bin/sh
# Makes what docker-compose.yml reads from deploy/secrets/, where it is missing: random passwords and tokens, and a certificate signed by
# itself (put the real one in tls_cert.pem and tls_key.pem). What is there already stays; whoever removes a password to get another one also
# removes what has it in it (database_url, redis_url, redis_exporter.json, s3_identities.json). Needs openssl.
#   sh deploy/secrets.sh [FOLDER [HOST NAME]]
set -eu
folder=${1:-$(dirname "$0")/secrets}
host=${2:-localhost}
# The folder keeps others out. The files are readable in it, because the users of the containers are not who made them.
umask 022
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

random() { openssl rand -hex 32; }
keep() { if [ ! -s "$1" ]; then cat >"$1.new" && mv "$1.new" "$1"; fi; }

for name in postgres_password redis_password jwt_secret stream_key_secret metrics_token gateway_token s3_secret_access_key grafana_password; do
  random | keep "$name"
done
openssl rand -hex 10 | keep s3_access_key_id
printf 'postgres://streamhub:%s@postgres:5432/streamhub\n' "$(cat postgres_password)" | keep database_url
printf 'redis://:%s@redis:6379\n' "$(cat redis_password)" | keep redis_url
printf '{"redis://redis:6379":"%s"}\n' "$(cat redis_password)" | keep redis_exporter.json
printf '{"identities":[{"name":"streamhub","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin","Read","Write","List","Tagging"]}]}\n' \
  "$(cat s3_access_key_id)" "$(cat s3_secret_access_key)" | keep s3_identities.json

if [ ! -s tls_cert.pem ] || [ ! -s tls_key.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host" -keyout tls_key.pem -out tls_cert.pem 2>/dev/null
fi
chmod 644 ./*
