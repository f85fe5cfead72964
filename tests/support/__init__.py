"""What the tests lean on: a Hub on 127.0.0.1, and a tiny real encoder and datasets to publish on it."""
