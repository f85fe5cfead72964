"""Rows of all splits -> clean, labelled, split and audited texts.

dataset          all of it: a source -> a prepared dataset
ingest           all splits read once: texts in files, a few numbers per row in memory
rows             those rows
clean_batch      one batch of texts, cleaned and described; processes share this work
labels           label names and their ids, the same in every split and in the model
near_duplicates  which texts are nearly the same
clusters         which rows belong together
choose_rows      which rows make each split
splitting        cutting train into train, validation and test
audit            what the data is like
write            the files of the dataset, the manifest last
"""
