# The recorder task. scripts/build_functions.ts puts this file beside the bundle that it starts.
FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates ffmpeg \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data
WORKDIR /app
COPY index.mjs ./
USER node
VOLUME /data
# Node itself is the process that gets SIGTERM.
CMD ["node", "index.mjs"]
