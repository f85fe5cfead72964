# clf with its models inside: built with a network, run without one.
#   docker build -t clf .
#   docker run --rm --network none --user "$(id -u):$(id -g)" -v "$PWD:/workspace" clf train --dataset reviews.csv
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
# PyTorch's CPU build. For CUDA 13: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/clf \
 && /opt/clf/bin/pip install --no-cache-dir --constraint constraints.txt --extra-index-url "${TORCH_INDEX}" torch==2.13.0 \
 && /opt/clf/bin/pip install --no-cache-dir --constraint constraints.txt ".[minilm]"
# What a later run with no network needs; both lists may be empty.
ARG MODELS=distilbert-base-uncased
ARG DATASETS=
ENV HF_HOME=/opt/models
RUN mkdir -p /opt/models \
 && if [ -n "${MODELS}${DATASETS}" ]; then \
      /opt/clf/bin/clf download-models ${MODELS} $(for name in ${DATASETS}; do printf -- '--dataset %s ' "$name"; done); \
    fi

FROM ${BASE}
LABEL org.opencontainers.image.title="clf" \
      org.opencontainers.image.description="Fine-tune a pre-trained encoder into a text classifier, and prove that it got better" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/clf /opt/clf
COPY --from=build /opt/models /opt/models
ENV PATH=/opt/clf/bin:$PATH HF_HOME=/opt/models HF_HUB_OFFLINE=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
WORKDIR /workspace
RUN chmod 0777 /workspace
USER 1000:1000
ENTRYPOINT ["clf"]
CMD ["--help"]
