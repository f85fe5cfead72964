"""A dataset's name or path -> the rows behind each of its splits.

find        what a name or path stands for
source      a dataset that was found
folders     train.*, validation.*, test.*, or a tree of class folders
synthetic   made-up movie reviews
"""
