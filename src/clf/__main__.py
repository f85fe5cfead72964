"""The entry point of the `clf` command, and of `python -P -m clf`."""

import os
import sys


def main() -> None:
    """Print help or the version without importing any library; otherwise run a command."""
    from clf.cli.surroundings import settle

    if sys.platform != "win32":
        settle()
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # until the command listens to signals itself
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # and not a traceback from the middle of an import
    from clf.cli.help import answer
    from clf.errors import READER_LEFT

    try:
        answered = sys.platform != "win32" and answer(sys.argv[1:])
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:  # the reader is gone (clf --help | head), or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(READER_LEFT if isinstance(error, BrokenPipeError) else f"error: cannot write the help: {error}")
    if answered:
        return
    from clf.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
