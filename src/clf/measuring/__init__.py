"""Evaluation of a model and its baselines on the rows of a dataset.

rows             the rows to evaluate on, a model's predictions for them, and which of them it was trained on
provenance       finds those rows, in another dataset or the one the model was trained with, and the model's encoder
trained_columns  the columns of another dataset: those of the model's training, where it has them
breakdown        what answers are worth by confidence and by the length of the texts
measurement      one model's predictions on the measured rows, and which of these it was trained on
evaluating       the result of clf evaluate from answers of either kind
class_evaluation the result of clf evaluate with one label per text
label_evaluation the result of clf evaluate where a text may have several labels
prediction_file  predictions.parquet of an evaluation
final_test       one pass of a new model over the test split
measured_model   one evaluated model: predictions, metrics, costs
paired           two models on the same rows: is one better by more than chance?
flips            texts that only one of two models gets right, and labels that only one decides rightly
stored_threshold the confidence threshold of a published model: chosen, stored, removed
label_issues     the labels that are probably wrong
pair_issues      the same where a text may have several: labels that are missing, or surplus
baselines        the baselines of `clf compare`, and the cache of their predictions
baseline_models  the baselines that are fitted: majority, TF-IDF, the frozen encoder
label_baselines  the same where a text may have several labels: a model for each label
folds            divides training texts into folds
out_of_fold      predictions for the training texts, from models that were not trained on them
"""
