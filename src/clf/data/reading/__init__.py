"""The bytes of a file -> rows -> examples.

files       bytes -> characters: decompressed and decoded, both found by looking
formats     one file of any known format -> batches of rows; a record for each format
delimited   CSV and its relatives, whatever the dialect
json_files  JSON lines and arrays
columnar    Parquet and Arrow
fasttext    fastText lines
batch       some rows of a file, as all readers give them
columns     which columns hold the text and the label
examples    rows -> texts with labels; what cannot be used is counted
stream      texts to label as they come: a file, plain lines, a pipe
"""
