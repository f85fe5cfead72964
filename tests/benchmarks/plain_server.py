"""A plain server to compare `clf serve` with: FastAPI around a transformers pipeline, as tutorials write it.

python tests/benchmarks/plain_server.py MODEL PORT
"""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

app = FastAPI()
label = pipeline("text-classification", model=sys.argv[1], top_k=None)


class Asked(BaseModel):
    inputs: str


@app.post("/predict")
def predict(asked: Asked) -> list[dict[str, object]]:
    return label(asked.inputs, truncation=True)[0]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=False, log_level="warning")
