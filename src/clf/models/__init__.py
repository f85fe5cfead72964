"""Pre-trained encoders and trained classifiers: finding, loading, running and exporting them.

store          where a model's files are: a local folder, the Hub cache, the embedded package or the Hub
files          checks that a model folder is complete and safe before anything is loaded
configs        config.json and tokenizer_config.json: what is read of them, and what is refused
tokenizer_file what tokenizer.json may not hold, which the library of tokenizers trusts
agreement      checks that hashes, labels and sizes of a model's files agree
weights        safetensors headers; regular files only
find_and_load  a classifier loaded by its folder or Hub id
from_files     a classifier loaded from its files, for inference or training
classifier     the Classifier object: model, tokenizer, label names and max length
families       a table of facts about each architecture
record         `clf.json`, the record in each model folder: its fields, reading and writing
replacing      the record of a published model, replaced while its place is locked
tokens         tokenization: truncation and padding
token_cache    token ids kept in the run folder for the next run
counting       text lengths in tokens, counted without loading the model
compute        the choice of device and precision
inference      batched inference: token ids to probabilities
temperature    a calibration temperature folded into the weights
label_scaling  a scale and a bias for each of several labels folded into the weights
onnx           an exported classifier run in ONNX Runtime
onnx_export    export to ONNX, and int8 quantization
fresh          a small encoder with random weights, for the demo
cpu            faster training and inference on a CPU
"""
