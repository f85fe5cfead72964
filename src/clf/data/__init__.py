"""From a name or a file to a prepared dataset.

reading       the bytes of files -> batches of rows -> examples with a text and a label
sources       a dataset's name or path -> the rows behind each of its splits
preparing     cleaning, label names, near duplicates, splitting, the audit
cleaning      the text an encoder should see, from text as people and crawlers leave it
prepared      a prepared dataset on the disk
sampling      a part of some rows, with the classes in proportion
text_hashes   hashes of texts, to tell later whether a model saw one in training
"""
