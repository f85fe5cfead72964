"""What each command returns, declared once: what stages return is what tables, reports, JSON and schemas are made of.

A metric, or anything else, that the rows leave undefined is None.

base           metrics, intervals, and what several outcomes share
preparation    clf prepare: the audit
training       clf train
evaluation     clf evaluate
comparison     clf compare
prediction     clf predict
exporting      clf export
demonstration  clf demo
machine        clf download-models, clf doctor
"""
