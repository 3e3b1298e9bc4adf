# A small image that runs as an ordinary user; the record lives in the volume /var/lib/steward.
FROM python:3.13-slim
RUN useradd --create-home --uid 10001 steward && install -d -o steward /var/lib/steward
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot ./bot
COPY policies ./policies
# --build-arg EXTRAS='[images]' for known images
ARG EXTRAS=""
RUN pip install --no-cache-dir --constraint constraints.txt ".${EXTRAS}"
USER steward
ENV STEWARD_DATABASE_URL=sqlite+aiosqlite:////var/lib/steward/steward.db
VOLUME /var/lib/steward
ENTRYPOINT ["steward"]
CMD ["run"]
