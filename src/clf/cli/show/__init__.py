"""Terminal output: one module for each command, and two that they share.

terminal  consoles, plain lines, JSON output, log lines and errors
tables    tables of metrics and classes, counts, shortened texts
prepare   what clf prepare prints
sets_of_labels  of it, what is said of texts that may have several labels
train     what clf train and clf demo print
evaluate  what clf evaluate prints
compare   what clf compare prints
peek          how a dataset is read, as `clf prepare --peek` shows it
predict   what clf predict prints
export    what clf export prints
serve     what clf serve prints
download  what clf download-models prints
doctor    what clf doctor prints
"""
