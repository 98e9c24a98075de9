"""What users give us to read: CSV and NDJSON files, lists of codes, column maps, standard input.

Everything streams in bounded memory, whatever the size of the file, and can be read again from
the start. What cannot be read is an error with the file and the line, and never with what was
written there.
"""
