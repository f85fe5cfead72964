# clf with its models: the build needs a network, running the image does not.
#   docker build -t clf .
#   docker run --rm --network none --read-only --tmpfs /tmp --user "$(id -u):$(id -g)" -v "$PWD:/workspace" clf demo
# The base may be any image with Python 3.11 or later and its venv module.
# --build-arg BASE=IMAGE replaces the default, which is named in a FROM line so that Dependabot keeps it up to date.
ARG BASE=default-base

FROM python:3.11-slim AS default-base

FROM ${BASE} AS build
# PyTorch's CPU build. For CUDA 13: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# Extras of clf, separated by commas: minilm adds an encoder, onnx adds what clf export needs.
ARG EXTRAS=minilm
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python3 -m venv /opt/clf \
 && /opt/clf/bin/pip install --no-cache-dir --constraint constraints.txt \
      ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"} torch \
 && /opt/clf/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]" \
 && cd /opt/clf/lib/python3*/site-packages/torch && rm -rf include test bin/protoc*
# The models and datasets to include, each separated by spaces; both lists may be empty. For gated ones, pass a token as
# a secret, which is not stored in any layer: --secret id=hf_token,src=token.txt
ARG MODELS=distilbert-base-uncased
ARG DATASETS=
ARG HF_ENDPOINT=https://huggingface.co
RUN --mount=type=secret,id=hf_token \
    mkdir -p /opt/models && export HF_HOME=/opt/models HF_ENDPOINT="${HF_ENDPOINT}" \
 && if [ -s /run/secrets/hf_token ]; then HF_TOKEN="$(cat /run/secrets/hf_token)"; export HF_TOKEN; fi \
 && if [ -n "${MODELS}${DATASETS}" ]; then \
      /opt/clf/bin/clf download-models ${MODELS} $(for name in ${DATASETS}; do printf -- '--dataset %s ' "$name"; done) \
        --manifest /opt/models/manifest.json; \
    fi \
 && chmod -R a+rX,a-w /opt/models

FROM ${BASE}
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="clf" \
      org.opencontainers.image.description="Fine-tune a pre-trained encoder into a text classifier, and prove that it got better" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/clf /opt/clf
COPY --from=build /opt/models /opt/models
# Any user id works, even without an entry in /etc/passwd; clf writes only to /workspace and /tmp.
ENV PATH=/opt/clf/bin:$PATH \
    HF_HOME=/opt/models \
    HF_HUB_OFFLINE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    USER=clf
WORKDIR /workspace
RUN chmod 0777 /workspace
USER 1000:1000
ENTRYPOINT ["clf"]
CMD ["--help"]
