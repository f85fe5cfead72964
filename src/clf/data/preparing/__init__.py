"""From the rows of all splits to texts that are cleaned, labelled, split and audited.

dataset          the complete preparation, from a source to a prepared dataset in a folder
ingest           reading all splits once: texts go to files, a few numbers per row stay in memory
rows             those rows in memory, and their texts on disk
clean_batch      cleaning and hashing one batch of texts, the work that processes share
unlabelled       rows left out because their label means that they have none
label_looks      labels that are ids, texts, numbers or several labels rather than classes
left_out         what is said of rows that were left out
dividing         the labels in each set as it was written
several          whether texts have several labels, and the named sets of their labels
labels           label names and their ids, the same in every split and in the model
sets             set operations on long arrays that need little memory
near_duplicates  finding texts that are nearly identical
clusters         which rows must stay in the same split
choose_rows      which rows each split consists of
splitting        how train is split into train, validation and test
splitting_sets   how train is split where texts may have several labels
unlabelled_splits  validation and test without labels, which are left out
first_rows       how the first rows of all splits are read, without preparing them
audit            counts, lengths, duplicates, contradictory labels and leaks
audit_sets       labels per text, rare labels, and labels that always go together
write            writing the files of a prepared dataset, the manifest last
"""
