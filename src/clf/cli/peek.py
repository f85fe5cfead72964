"""`clf prepare --peek`: show how a dataset is read."""

import logging

from clf.cli.options import Presentation
from clf.cli.session import finish
from clf.progress import Notes
from clf.settings import Settings


def show_peek(settings: Settings, presentation: Presentation) -> None:
    """Show how a dataset is read, and raise the error that preparing would raise for its first rows."""
    from clf.cli.show.peek import again, print_peeked
    from clf.cli.show.terminal import print_json
    from clf.prepare import peek

    for handler in logging.getLogger("clf").handlers:
        if isinstance(handler, Notes):
            handler.introduces = True  # the log lines that say the same are left out
    result, error = peek(settings)
    if not presentation.json:
        print_peeked(result)
    if error:
        raise error
    if presentation.json:
        return print_json(result.as_json())
    finish(presentation, "clf", *again(result, settings.data))
