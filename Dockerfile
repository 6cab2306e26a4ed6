# contractops as an image: built from the locked, hashed wheels, run by nobody in particular.
#   docker build -t contractops .
#   docker run -v contractops:/data --env-file settings.env contractops

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-installer.lock requirements.lock ./
RUN python -m venv /opt/contractops \
    && /opt/contractops/bin/pip install --no-cache-dir --require-hashes -r requirements-installer.lock \
    && /opt/contractops/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /opt/contractops/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin contractops \
    && install --directory --owner contractops --mode 0700 /data
COPY --from=build /opt/contractops /opt/contractops
ENV PATH=/opt/contractops/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CONTRACTOPS_DATABASE_URL=sqlite:////data/contractops.db \
    CONTRACTOPS_WEB_HOST=0.0.0.0 \
    CONTRACTOPS_WEB_PORT=8080
USER contractops
WORKDIR /data
VOLUME /data
EXPOSE 8080
# A stop waits up to 35 seconds for what is under way: give the container more (docker stop --time 45).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["contractops"]
CMD ["run"]
