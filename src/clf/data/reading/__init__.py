"""Reading: the bytes of a file -> rows -> examples.

files       bytes -> characters, with compression and encoding detected from the content
compression the decompressors, and a limit on what they give
sql_dumps   dumps of databases in SQL, which are refused
archives    the entries of zip and tar archives, read in place
tars        the headers of a tar archive, and the content of a file in it
packed      which entries of an archive are tables
file_names  what the name of a file says before it is opened
formats     the registry of file formats, format detection, and reading a file of any format
delimited   the reader for CSV, TSV and other delimited text
delimiters  which characters stand between cells, and how a user types them
dialects    the delimiter and quote character of delimited text, detected in its first lines
quoted_cells   whether a quote stands only where a writer of delimited text puts it
drawn_tables   tables with lines around their cells, and columns of a fixed width
headers     the top of a delimited table: lines above its header, whether there is one, and further header lines
old_encodings  the encodings of old Macs and DOS
extra_rows  rows of a delimited table that are no data: repeated headers and footers
headings    the names of columns as a reader sees them, one for each, and the words that usually name columns
json_files  the readers for JSON lines, JSON arrays and JSON objects
json_objects   the rows of a single JSON object, piece by piece or from all of it
json_keys   the keys of JSON objects, or the header above lists of cells, which become columns
json_stream JSON text that is decoded value by value while it is read
json_layouts   where the rows stand in a single JSON object
json_pairs  a JSON object with a text in each key and its label as the value
json_records   the rows in the objects that annotation tools and databases write
columnar    the readers for Parquet and Arrow
workbooks   the rows of a sheet in a workbook
workbook_process   the process of its own that reads it
fasttext    the reader for fastText lines
arrow_batches  slices of Arrow batches, by the size of their values
batch       batches of rows, which every reader yields
row_sizes   how long and how wide a row may be
columns     the columns in use, with their roles
other_columns  which of the other columns tell the label
roles       which column has which role, and why
text_choice which columns are the texts
label_choice   which of several columns with few values is the label
listed_columns columns that have one of the labels of a text each
column_names   what the name of a column says
column_values  what its values look like, and what stands for none
nested_columns columns of lists and objects that are no text and no label
decisions   columns in which an annotator accepts or rejects labels
label_cells   the names in one value of the label column: a list, choices, scores, or a text that spells these out
label_values  how the values of the label column become labels
label_form  how the labels of a dataset are written in its cells
written_lists  lists of labels that tools write into a cell without quotes
joined_labels  several labels in one text, with a separator between them
one_hot     columns of zeros and ones that are one label
mark_values what a cell of such a column says
marked_sets the sets of labels in columns of zeros and ones
examples    rows -> examples; rows without a text or label are dropped and counted
paths       paths as users write them, and pipes
peek        how the first rows of a split are read, and why
first_lines the same in three lines, for a terminal
numbered    new texts for a model whose training file had no header
stream      texts for `clf predict`, read as they arrive: from a file, plain lines or a pipe
"""
