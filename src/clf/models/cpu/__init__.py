"""What makes a CPU fast.

attention   attention one text after another, for training
dropout     masks drawn by a faster generator
packing     linear layers packed for bf16
memory      what training frees, kept for the next step
"""
