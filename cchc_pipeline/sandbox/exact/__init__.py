"""Dossiers, letters, procedures and registers that meet published figures exactly.

Belongs here: how a plan is drawn from given counts. Not here: the counts of a province (`scenarios`), free draws
from the units' profiles (`life`).
"""
