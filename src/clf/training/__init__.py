"""Fine-tuning on the Hugging Face Trainer.

setup         the encoder, the texts and the recipe of one run, brought together
schedule      the recipe `auto`: how fast, how long, how often
arguments     our settings -> the Trainer's
batching      the order of the texts and the batches it makes
plan          the loss, and what the Trainer needs beside its arguments
head          the start of a fresh head
trainer       the loop
selection     by what the best evaluation is chosen
reporter      what a run tells while it trains, and its history
keeping       when to save, and the best weights meanwhile
checkpoints   checkpoints that are whole or absent
ingredients   what a run is made of: a checkpoint of another is refused
resume        going on from a checkpoint
interrupts    signals
failures      what a library raised, as an error for people
trained       what one run of the Trainer gave
confidence    the temperature and the threshold, fitted on validation
identity      whether a finished run is the same
record        what clf.json says of the model
trackers      TensorBoard, MLflow, W&B
"""
