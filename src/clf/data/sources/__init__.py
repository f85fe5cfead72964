"""From a dataset's name or path to the rows of each of its splits.

find        which dataset a name or path refers to: local files, a pipe, the Hub, or synthetic reviews
source      a dataset that was found but not read yet
folders     folders with train.*, validation.* and test.*, or with one sub-folder per class
saved       folders of the datasets library and of the Hub, with the files of each split
class_names the names of the classes that a dataset tells beside its rows
pairs       a file of texts and a file with the label of each line
hub_tables  the splits of a dataset on the Hub, from its downloaded files
databases   tables and queries of SQLite databases
database_files  a database that is open for reading, and what must not run there
headless    which files of a dataset have no header, as that of train
ignored     whether the columns to ignore exist
divided     one file with all splits, divided by a column
generated   synthetic reviews as a dataset
synthetic   generating synthetic movie reviews, negative or positive
synthetic_aspects   generating reviews that speak of none, one or several aspects
synthetic_parts     what both generators share
"""
