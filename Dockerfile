# Tagmeter in a container: `docker build -t tagmeter .`. A container runs one command of the binary, `serve` unless
# another one is named. compose.yaml and compose.citus.yaml use it; docs/scaling.md says how.

# The version is that of rust-toolchain.toml, which is not copied: it also asks for tools that only developers need.
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /source
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
COPY crates crates
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked -p tagmeter && cp target/release/tagmeter /usr/local/bin/tagmeter

FROM debian:bookworm-slim
# ca-certificates for sslmode=verify-full to the database, curl for the health check.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tagmeter \
    && install -d -o tagmeter -g tagmeter /data
COPY --from=build /usr/local/bin/tagmeter /usr/local/bin/tagmeter
ENV TAGMETER_DATA_DIR=/data TAGMETER_LISTEN=0.0.0.0:8080
# Each container has a data folder of its own unless a volume is named. On SQLite it holds everything: name one.
VOLUME /data
WORKDIR /data
USER tagmeter
EXPOSE 8080
# Of a server. That other commands listen to nothing does not matter: nobody waits for their health.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["tagmeter"]
CMD ["serve"]
