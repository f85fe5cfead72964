"""Results for people and for CI jobs.

markdown      tables and reports as Markdown
html, charts  one page with pictures
junit         the gate for the test view of a CI system
label_issues  probably wrong labels, for a spreadsheet
model_card    the README.md of a model folder
schema        the JSON schemas of what `--json` prints
safety        foreign text made harmless
"""
