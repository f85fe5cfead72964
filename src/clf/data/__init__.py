"""Datasets: from a dataset name or a file to a prepared dataset.

reading       files -> batches of rows -> examples with a text and a label
sources       a dataset name or path -> the rows of each split
preparing     cleaning, label names, near duplicates, splitting, the audit
cleaning      raw text from people and crawlers -> clean text for an encoder
split_names   train, validation and test, in the names of files, folders and values
flags         the settings of a dataset as flags, for a command on the same texts
label_names   one spelling for labels that look the same, and look-alikes
prepared      a prepared dataset on disk
texts         texts that become Python strings only while they are read
stratifying   every split gets its share of every label, where texts may have several
sampling      stratified subsets of rows
label_sets    sets of labels, for texts that may have several
text_hashes   hashes of texts, to check later whether a model saw a text in training
"""
