"""Storage and engine: the store of tables, its layout, ledgers, published versions, and the engine that runs SQL.

Belongs here: every read and write of the lake, and every statement that an engine runs. Not here: what tables mean.
"""
