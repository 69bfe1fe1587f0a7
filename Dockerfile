# One image for web and clusters; compose.yml says which command each container runs.
FROM python:3.12-slim AS build
WORKDIR /srv/relove
COPY requirements.txt .
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --quiet --require-hashes -r requirements.txt

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home relove && install --directory --owner=relove --mode=0700 /var/lib/relove
ENV RELOVE_STATE_DIR=/var/lib/relove
WORKDIR /srv/relove
COPY --from=build /srv/relove/.venv .venv
COPY . .
ENV PATH="/srv/relove/.venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN python manage.py collectstatic --no-input --verbosity 0
USER relove
EXPOSE 8000
# for clusters: what is in flight settles before they end
STOPSIGNAL SIGTERM
# as manage.py up runs it, but for the address
CMD ["python", "-m", "uvicorn", "relove.asgi:application", "--host=0.0.0.0", "--port=8000", "--proxy-headers", \
     "--log-level=warning", "--no-access-log", "--lifespan=off", "--timeout-graceful-shutdown=5"]
