"""What every test shares: how hypothesis runs.

Belongs here: settings of tools for all tests. Not here: fixtures, which stand in the folder that uses them.
"""

from hypothesis import settings

# how long an example takes says something about the machine, and nothing about the code
settings.register_profile("project", deadline=None)
settings.load_profile("project")
