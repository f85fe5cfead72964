"""The command line.

app         the commands: settings in, one function called, its result shown
options     the options of each command, made from the settings
session     what every command does at its start and end; errors and exit codes
help        --help without importing anything; help_pages writes what it shows
reference   the reference page of the settings
show        one renderer for each command

To add a command: its settings as a section of `clf.settings`, its stage as a module beside train.py, what it returns in
`clf.outcomes`, its renderer in `show`, its function in `app`, and `make docs`.
"""
