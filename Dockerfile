# docker build -t dragoman . ; docs/containers.md says how to run it.
FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY tools/runtime tools/runtime
COPY console/package.json console/
# The only script would build the package, whose sources come later.
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY tools/build-record.js tools/bundle.ts tools/console.ts tools/
COPY console console
COPY src src
RUN npm run build && chmod +x dist/main.js && npm prune --omit=dev --no-audit --no-fund

FROM node:26-slim
# docs/performance.md#memory says why V8 gets a smaller young generation and one thread.
ENV NODE_ENV=production \
    NODE_OPTIONS="--max-semi-space-size=16 --v8-pool-size=1" \
    DRAGOMAN_HOME=/data \
    DRAGOMAN_HOST=0.0.0.0
# Owned by the user before it becomes a volume, so that a new volume is too.
RUN install -d -o node -g node -m 0700 /data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY docs/errors.md docs/errors.zh-CN.md docs/
RUN ln -s /app/dist/main.js /usr/local/bin/dragoman
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["dragoman", "health"]
ENTRYPOINT ["dragoman"]
CMD ["serve"]
