"""Pure functions of answers and true labels: no files, no models, no settings of where to compute.

answers       probabilities beside true labels: predictions, confidence, what is correct
metric_table  every metric: its name, how it is shown
metrics       answers -> metrics, per class, intervals
calibration   does confidence mean what it says?
significance  is a difference more than chance?
selective     answering only when sure
label_issues  which labels are probably wrong?
gate          verdicts, rules, and what to try next
"""
