#!/bin/sh
# The developer's broadcast: a test picture with a tone on the channel `demo`, through the gateway, as any encoder comes.
set -eu
bun streamhub.ts seed
key=$(bun streamhub.ts channel key demo)
exec ffmpeg -hide_banner -loglevel warning -re \
  -f lavfi -i "testsrc2=size=1280x720:rate=30" -f lavfi -i "sine=frequency=440:sample_rate=48000" \
  -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -b:v 2500k -g 60 \
  -c:a aac -b:a 128k -f flv "rtmp://gateway:1935/live/$key"
