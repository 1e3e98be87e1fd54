# Three stages: everything to build with, what runs, and nothing else. docs/operations.md says how to use it.
FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src src
COPY sim sim
COPY conformance conformance
COPY faults faults
COPY bench bench
COPY docs docs
RUN npm run --silent build

FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:22-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    TOPICS_DATA_DIR=/data \
    TOPICS_HOST=0.0.0.0 \
    TOPICS_PORT=4000
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /build/dist/src dist/src
COPY --from=build /build/dist/conformance dist/conformance
COPY package.json LICENSE ./
# Owned before it becomes a volume, so that a fresh one is writable without root.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4000
# The server drains for up to 10 s when it is told to stop; exec form, so that it is told.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --retries=3 \
    CMD ["node", "dist/src/main.js", "health"]
ENTRYPOINT ["node", "dist/src/main.js"]
