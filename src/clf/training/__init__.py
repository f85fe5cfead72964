"""Fine-tuning on the Hugging Face Trainer.

setup         everything one run trains with: the encoder, the texts and the recipe
schedule      values for the settings left at `auto`: learning rate, epochs, warm-up, evaluations
arguments     our settings as the Trainer's arguments
batching      the order of the training texts, and the batches
plan          the loss, and what the Trainer needs besides its arguments
head          the initial weights of a fresh head
trainer       the training loop
selection     the metric that selects the best evaluation
reporter      progress, time estimate and history during training
keeping       when to save a checkpoint, and the best weights until then
checkpoint_files  the files of a checkpoint, and what they must say
checkpoints   atomic checkpoints: each is either complete or absent
ingredients   the fingerprint of a run: a checkpoint of another run is refused
resume        resuming from a checkpoint
interrupts    signals during training
failures      errors raised by libraries, as messages for users
trained       the result of one run of the Trainer
label_confidence  the same where a text may have several labels
confidence    the temperature and the abstention threshold, fitted on validation
identity      whether a finished run had the same settings and data
record        the contents of clf.json
trackers      TensorBoard, MLflow and W&B
"""
