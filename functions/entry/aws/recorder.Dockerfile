# The recorder task. scripts/build_functions.ts puts this file beside what it copies; the root file system may be
# read-only: all that is written goes to /data.
FROM node:24.21.0-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates 'ffmpeg=7:5.1.*' \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data
WORKDIR /app
COPY index.mjs index.mjs.map health.mjs ./
ENV NODE_ENV=production TMPDIR=/data
USER node
VOLUME /data
# Fargate has its own copy of this check, in infra/constructs/recorder_fleet.ts.
HEALTHCHECK --interval=30s --timeout=5s --retries=3 --start-period=60s CMD ["node", "health.mjs"]
# Node itself is the process that gets SIGTERM: no shell stands between.
ENTRYPOINT ["node", "--enable-source-maps", "index.mjs"]
