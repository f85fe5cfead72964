"""What the name of a file or folder says of it before it is opened."""

HIDDEN = {"__macosx", "__pycache__", "thumbs.db", "desktop.ini"}
"""Names of what systems and tools leave beside data; so do names that begin with a dot or `~$`."""
ABOUT_DATA = {"readme", "license", "licence", "copying", "changelog", "citation", "authors", "contributing", "metadata"}
"""Names, without the extension, of files that tell about the data beside them."""
CLASSES_FILE = "classes.txt"
"""The file beside data with one class on each line."""


def is_hidden(name: str) -> bool:
    """Return whether a name is one of those that systems and tools hide beside data."""
    return name.startswith((".", "~$")) or name.lower() in HIDDEN


def is_about_data(name: str) -> bool:
    """Return whether a name is that of a file about data, such as `README.md` or `LICENSE-MIT.txt`."""
    return name.lower().split(".")[0].split("-")[0].split("_")[0] in ABOUT_DATA
