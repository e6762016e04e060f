"""The store of tables, its layout, ledgers and versions, and the SQL engine.

Belongs here: every read and write of the lake, and every statement that an engine runs. Not here: what tables mean.
"""
