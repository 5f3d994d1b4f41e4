# What stands beside a sidecar in the tests: a PostgreSQL server and an S3 server that behave as their
# official images do, a registry, and Python with `requests` for clients.
FROM sidecar-spec/base
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql docker-registry python3-requests gosu \
 && rm -rf /var/lib/apt/lists/*
COPY site-packages /opt/moto
COPY postgres minio /usr/local/bin/
CMD ["postgres"]
