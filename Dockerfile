# The container: config/README.md says how to run it.
#
#   docker build -t sidecar .                      with the clients of PostgreSQL, MariaDB, Redis and SQLite
#   docker build -t sidecar --target minimal .     without: for files, modules and scripts
#
# With a binary that was built elsewhere (for the base's libc), where no compiler is to be had:
#
#   docker build -t sidecar --build-arg BINARY=target/release/sidecar --build-arg RUST_IMAGE=debian:bookworm-slim .
ARG BASE_IMAGE=debian:bookworm-slim
ARG RUST_IMAGE=rust:1.95-bookworm

FROM ${RUST_IMAGE} AS build
# What is left of this stage goes with: docker image prune --filter label=stage=sidecar-build
LABEL stage="sidecar-build"
ARG BINARY=""
ARG SOURCE_DATE_EPOCH=0
WORKDIR /src
COPY . .
# All folders on the way are dated, so that the same binary makes the same layer.
RUN if [ -z "${BINARY}" ]; then cargo build --release --locked; fi \
 && install -D -m 755 "${BINARY:-target/release/sidecar}" /out/usr/local/bin/sidecar \
 && find /out -exec touch --date="@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE_IMAGE} AS system
ARG SOURCE_DATE_EPOCH=0
LABEL org.opencontainers.image.title="sidecar" \
      org.opencontainers.image.description="Takes backups beside an application; its strategies are WebAssembly components" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
# Any user may work in these folders, as in /tmp: which one it will be is said when the container starts.
RUN touch /tmp/before \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates \
 && echo 'sidecar:x:10001:10001::/var/lib/sidecar:/usr/sbin/nologin' >>/etc/passwd \
 && echo 'sidecar:x:10001:' >>/etc/group \
 && mkdir -p /etc/sidecar /plugins /var/lib/sidecar/workdir /var/lib/sidecar/artifacts /var/lib/sidecar/tmp \
 && chmod 1777 /var/lib/sidecar /var/lib/sidecar/* \
 && find /var/lib/apt/lists /var/cache /var/log -xdev -type f -newer /tmp/before -delete \
 && rm -rf /var/lib/apt/lists/* \
 && find / -xdev -newer /tmp/before -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} + \
 && rm /tmp/before && touch --date="@${SOURCE_DATE_EPOCH}" /tmp
ENV HOME=/var/lib/sidecar \
    SIDECAR_CACHE_DIR=/var/lib/sidecar/cache
WORKDIR /var/lib/sidecar
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["sidecar", "health"]
ENTRYPOINT ["sidecar"]
CMD ["serve"]

FROM system AS minimal
COPY --from=build /out/ /

# A dump client must not be older than its server: choose another base, or other packages.
FROM system AS clients
ARG CLIENTS="postgresql-client mariadb-client redis-tools sqlite3"
ARG SOURCE_DATE_EPOCH=0
USER root
RUN touch /tmp/before \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${CLIENTS} \
 && find /var/lib/apt/lists /var/cache /var/log -xdev -type f -newer /tmp/before -delete \
 && rm -rf /var/lib/apt/lists/* \
 && find / -xdev -newer /tmp/before -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} + \
 && rm /tmp/before && touch --date="@${SOURCE_DATE_EPOCH}" /tmp
USER 10001:10001

FROM clients AS sidecar
COPY --from=build /out/ /
