"""The parts of a province and the random lives of its dossiers.

Belongs here: units, procedures, people, working days, dossiers with their steps, letters, and what a scenario
and its plan hold. Not here: the scenarios (`scenarios`), dossiers drawn until published counts are met (`exact`),
replies over HTTP (`servers`), true indicators (`truth`).
"""
