# syntax=docker/dockerfile:1
# The build needs compilers and headers, the image only the shared libraries. bookworm on purpose: h2o left Debian after it.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make git
WORKDIR /src
COPY scripts/deps.sh scripts/
RUN scripts/deps.sh build
COPY . .
RUN make -j"$(nproc)" && make install DESTDIR=/out PREFIX=/usr

FROM debian:bookworm-slim
# protobuf-compiler is not here: in production, descriptors are FileDescriptorSets made at build time.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libh2o-evloop0.13 libnghttp2-14 libssl3 libprotobuf-c1 libyajl2 libyaml-0-2 \
        libwslay1 zlib1g ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 65532 --user-group --no-create-home --shell /usr/sbin/nologin sidespan
COPY --from=build /out/usr/bin/sidespan /usr/bin/sidespan
USER 65532:65532
# REST, and admin: health, metrics, routes.
EXPOSE 8080 9901
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/sidespan"]
CMD ["serve", "--config", "/etc/sidespan/sidespan.yaml"]
