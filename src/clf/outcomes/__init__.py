"""The result types of all commands: tables, reports, JSON output and JSON schemas are all made from them.

A metric or other value that is not defined for the measured rows is None.

base           the base class, and types that several results share, such as metrics and intervals
preparation    the result of clf prepare: the audit of the data
peek           the result of clf prepare --peek: how a file is read
training       the result of clf train
evaluation     the result of clf evaluate
label_evaluation  the same where a text may have several labels
comparison     the result of clf compare
prediction     the result of clf predict
exporting      the result of clf export
serving        what clf serve says when it is ready
demonstration  the result of clf demo
machine        the results of clf download-models and clf doctor
"""
