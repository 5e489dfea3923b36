# Two stages: the first has pip, a C compiler and, for the time of the build, Node.js; the second has Python and the server alone.
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
RUN python -m venv /opt/hearthside
COPY requirements.lock .
RUN /opt/hearthside/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
RUN /opt/hearthside/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
COPY --from=build /opt/hearthside /opt/hearthside
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin hearthside \
    && install --directory --owner=10001 --mode=0700 /data
USER 10001
VOLUME /data
ENV HEARTHSIDE_HOST=0.0.0.0 HEARTHSIDE_DATA=/data PYTHONDONTWRITEBYTECODE=1 PATH=/opt/hearthside/bin:$PATH
# One worker, so that one published port of media is enough, however many cores there are: a room on a worker whose port
# is closed would have no sound. More if whoever runs it says so, with a port for each from 8081 on.
ENV HEARTHSIDE_MEDIA_WORKERS=1
EXPOSE 8080/tcp 8081-8088/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["hearthside"]
CMD ["serve"]
