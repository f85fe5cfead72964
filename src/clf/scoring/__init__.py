"""Pure functions of probabilities and true labels: no files, no models, no device settings.

answers       probabilities with the true labels: predictions, confidence, which predictions are correct
label_table   which labels each row has, where a text may have several
multi_label   the same where a text may have several labels: thresholds, sets of labels
metric_table  the list of metrics: their names, and what tables call them
metrics       computes the metrics, overall and per class, and their 95 % intervals
multi_label_metrics  the same where a text may have several labels
thresholds    the probability from which on each of several labels is predicted
label_calibration  a scale and a bias for the logit of each of several labels
ranking       AUROC and average precision
calibration   calibration error and temperature scaling
resampling    what the bootstrap draws from: a tally of combinations, with drawn counts
significance  bootstrap intervals and McNemar's test: is a difference more than chance?
set_significance  the tally they draw from where a text may have several labels
selective     the confidence threshold below which a model abstains, and the risk-coverage curve
label_pairs   which of several labels go together, and which are given instead of others
confusions    which classes are taken for which
constant_answers  what the best constant answer would reach
label_issues  ranks labels by how likely they are to be wrong
pair_issues   the same where a text may have several: labels that are missing, or surplus
gate          the verdict against each baseline, the rules of the gate, and what to try next
"""
