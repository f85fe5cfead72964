"""Pre-trained encoders and trained classifiers: found, loaded, asked, exported.

store          a name -> files: a path, the cache, the embedded package, the Hub
files          the files of a model folder: whole, safe, and what config.json says
find_and_load  a name -> a loaded classifier
from_files     files -> a classifier, to ask or to train
classifier     encoder, head, tokenizer and label names together
families       every fact about an architecture, in one table
record         what a model folder says of itself in clf.json
tokens         texts -> token ids
counting       lengths in tokens, with no model loaded
compute        which device and precision
inference      token ids -> probabilities
temperature    a calibration temperature in the weights
onnx           a classifier as ONNX, run
onnx_export    a classifier as ONNX, written
fresh          a small encoder with random weights, for the demo
cpu            what makes training and inference on a CPU fast
"""
