"""Storage: where results may be written, and how to write them atomically.

documents         regular files, and JSON documents read back: bounded, strict, validated by one model each
names             the types of names, hashes and numbers in documents, and names that become paths
result_folders    the names and files of result folders, and which files clf wrote
disk              JSON files, SHA-256, flushing to disk, recognising a full disk
output            output paths, which are checked before anything is computed
publish           staging folders and atomic renames, locks, recovery from an interrupted replacement
run_folder        the folder beside a trained model: checkpoints, history, log, timing, result
prediction_parts  predictions stored window by window, then joined into one file
"""
