"""Storage: where results may be written, and how to write them atomically.

documents         regular files, and JSON documents read back: bounded, strict, validated by one model each
arrays            arrays read back: of the expected type, shape and size
names             the types of names, hashes and numbers in documents, and names that become paths
writing           files replaced atomically or appended to: no link is followed, exclusive parts, all on disk
result_folders    the names and files of result folders, and which files clf wrote
disk              reading JSON, SHA-256, recognising a full disk
scratch           temporary folders, in TMPDIR
locks             one process at a time writes a result
places            where a result must not be written: names, mount points, system folders
leftovers         what killed processes left beside a result, restored or deleted
publish           staging folders and atomic renames
output            output folders, which are checked before anything is computed
report_files      reports and other files that users name, which never replace what is not theirs
run_folder        the folder beside a trained model: checkpoints, history, log, timing, result
prediction_formats predictions as text, JSON lines or Parquet
prediction_parts  predictions stored window by window, then joined into one file
"""
