"""Read tables that people make in files: CSV, Excel, HTML, Parquet.

Belongs here: telling the kind of a file, finding its rows and headers, turning a cell into a value. Not here: which
columns a table has to have, and what becomes of a row (`sources`, `validation`, `scorecards`).
"""
