"""A model and a dataset -> what the model answers, and what others answer on the same rows.

rows             what is measured, what a model answers on it, and which rows it has seen
provenance       those rows found: from another dataset, or again from the model's own training; its encoder
measured_model   one model measured: answers, metrics, costs
paired           two models on the same rows: is one better, beyond chance?
baselines        what a candidate is compared with, and their answers kept for the next time
baseline_models  the baselines that are fitted: majority, TF-IDF, the frozen encoder
out_of_fold      answers for the training texts, from models that did not see them
"""
