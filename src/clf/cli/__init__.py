"""The command line.

app           the commands: each loads the settings, calls one function and shows its result
options       the options of each command, generated from the settings
surroundings  the streams, folders and search paths around the process, made sound first
session       start and end of every command: environment, logging, signals, errors and exit codes
unexpected    errors that clf did not expect: one line for the user, and a file with the details
peek          `clf prepare --peek`
classes       the classes of the commands, with the help pages of clf
help          prints --help from help.json without importing the rest of clf
help_pages    generates help.json
reference     generates the reference page of the settings, docs/reference.md
show          how results appear in the terminal: one module for each command

To add a command, put its settings in a section of `clf.settings`, its work in a module next to train.py, its result
type in `clf.outcomes`, its renderer in `show` and its function in `app`. Then run `make docs`.
"""
