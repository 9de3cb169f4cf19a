#!/bin/sh
# Makes the bucket S3_BUCKET of the SeaweedFS whose master is MASTER. Its shell says with no exit status whether that went well, so we look.
set -eu
tries=0
while [ "$tries" -lt 30 ]; do
  echo "s3.bucket.create -name $S3_BUCKET" | weed shell -master="$MASTER" >/dev/null 2>&1 || true
  if echo "s3.bucket.list" | weed shell -master="$MASTER" 2>/dev/null | grep -qw "$S3_BUCKET"; then exit 0; fi
  tries=$((tries + 1))
  sleep 2
done
echo "The bucket $S3_BUCKET could not be made." >&2
exit 1
