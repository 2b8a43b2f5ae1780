# Two images: 'silo' is one party's server, 'client' is the trident command.
#   docker build --target silo -t trident-silo .
#   docker build --target client -t trident .
# The programs carry their own .NET, so what they run on needs no more than its native libraries.

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH=amd64
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig trident ./
COPY sql sql
COPY src src
RUN case "$TARGETARCH" in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) echo "no build for $TARGETARCH" >&2; exit 1 ;; esac \
    && ./trident publish /published --runtime "$rid" \
    && mv "/published/$rid" /trident

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0 AS base
USER $APP_UID
WORKDIR /deployment

FROM base AS silo
COPY --from=build /trident/trident-silo /trident/*.json /usr/local/lib/trident/
COPY deploy/docker/health.sh /usr/local/lib/trident/health.sh
# Without a port there would be nothing to ask: the container is then never called healthy.
ENV Trident__Deployment=/deployment Trident__Listen=0.0.0.0 Trident__Http__Port=8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/bin/bash", "/usr/local/lib/trident/health.sh"]
# A silo that is told to stop signs off from its cluster, for which it takes up to twelve seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/lib/trident/trident-silo"]

FROM base AS client
COPY --from=build /trident/ /usr/local/lib/trident/
ENV PATH=/usr/local/lib/trident:$PATH
ENTRYPOINT ["trident"]
