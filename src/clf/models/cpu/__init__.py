"""Faster training and inference on a CPU.

attention   attention over a few texts at a time, with little padding, for training
dropout     dropout masks from a faster random generator, for training
packing     linear layers packed once for inference in bf16
memory      freed memory kept for the next training step; weights copied from a mapped file
"""
