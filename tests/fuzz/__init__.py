"""What clf wrote or was given, changed in its structure, and read again: see `mutations`, `targets` and `campaign`."""
