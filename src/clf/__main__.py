"""Where `clf` enters from the shell, and `python -m clf` for torchrun and accelerate launch."""

import sys


def main() -> None:
    """Answer what needs no library at once; run a command otherwise."""
    from clf.cli.help import answer

    if sys.platform != "win32" and answer(sys.argv[1:]):
        return
    from clf.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
