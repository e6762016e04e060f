"""The canonical tables: current state of dossiers, documents and procedures, and the dated events that follow."""
