"""Results for people and for CI jobs.

markdown         tables and reports as Markdown
page             results as one self-contained HTML page
junit            the gate as JUnit XML, for the test view of a CI system
labelled_rows    the rows that `clf predict` writes
given_too_often  the label that a model gives to far more texts than have it
label_issues     labels that are probably wrong, as CSV for a spreadsheet
stdout           the CSV of `clf predict` on stdout, harmless on a terminal and in a GitHub job
model_card       the README.md of a model folder
schema           the JSON schemas of the output of `--json`
"""
