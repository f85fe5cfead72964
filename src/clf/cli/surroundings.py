"""What a process finds around it, made sound first: streams, working folder, home folder, size of the terminal.

`settle` runs before anything else is imported, so this module needs no more than `os` and `sys`.
"""

import os
import sys

from clf.errors import OutputError, UsageError

HERE = ("", ".")
"""How a search path spells the working folder; an empty entry usually got there by accident."""
MOST_COLUMNS = 10_000
NAMES_OF_USERS = ("LOGNAME", "USER", "LNAME", "USERNAME")


def settle() -> None:
    """Open the standard streams that are closed, and import nothing more from the working folder."""
    open_streams()
    shut_out_working_folder()
    for name in ("COLUMNS", "LINES"):
        value = os.environ.get(name, "1")
        if not (value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= MOST_COLUMNS):
            del os.environ[name]


def open_streams() -> None:
    """Open what is closed of stdin, stdout and stderr, so that no other file gets its number.

    What is written to a closed stderr is lost. `sys.stdout` and `sys.stdin` stay None: whoever needs them says so.
    """
    opened = -1
    while opened < 2:
        opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if opened > 2:
        os.close(opened)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def shut_out_working_folder() -> None:
    """Let neither this process nor its children import or start anything that lies in the working folder.

    `python -m clf` puts that folder first on the search path, and so does Python for each child.
    """
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    named = [entry for entry in given if entry not in HERE]
    try:
        here = {*HERE, os.getcwd()}
    except OSError:  # it was deleted
        here = set(HERE)
    if sys.path and sys.path[0] in here and not sys.flags.safe_path:
        del sys.path[0]
    if len(named) < len(given) and not here & set(named):
        accidental = next((entry for entry in sys.path if entry in here), None)
        if accidental is not None and any(given):
            sys.path.remove(accidental)
    shut_out_of_children()


def shut_out_of_children() -> None:
    """Keep the working folder out of the search paths that child processes inherit."""
    os.environ["PYTHONSAFEPATH"] = "1"
    for name in ("PYTHONPATH", "PATH"):
        if name in os.environ:
            entries = [entry for entry in os.environ[name].split(os.pathsep) if entry not in HERE]
            os.environ[name] = os.pathsep.join(entries)
    if not os.environ.get("PYTHONPATH", "x"):
        del os.environ["PYTHONPATH"]


def check_folders() -> None:
    """Raise UsageError if the working folder was deleted, or if this user has no home folder for the cache."""
    try:
        os.getcwd()
    except OSError as error:
        raise UsageError("the working folder no longer exists", "change to a folder that exists: cd …") from error
    if not os.environ.get("HOME", "x"):
        del os.environ["HOME"]  # an empty value counts as unset
    if "HOME" in os.environ and any(map(os.environ.get, NAMES_OF_USERS)):
        return
    import pwd

    try:
        pwd.getpwuid(os.getuid())
    except KeyError as error:
        if "HOME" not in os.environ:
            raise UsageError(
                f"there is no home folder: HOME is not set, and the user id {os.getuid()} has no entry in /etc/passwd",
                "set HOME to a folder that you can write to",
            ) from error
        os.environ["USER"] = f"user-{os.getuid()}"  # libraries ask for a name


def check_stdout(what: str) -> None:
    """Raise OutputError if `what` goes to stdout, but stdout is closed."""
    if sys.stdout is None:
        raise OutputError(f"stdout is closed, but {what} goes there", "redirect it to a file, or to /dev/null")
