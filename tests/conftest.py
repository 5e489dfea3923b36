"""What every test shares."""

from hypothesis import settings

# Timings never fail a test: a busy machine is no bug.
settings.register_profile("hearthside", deadline=None)
settings.load_profile("hearthside")
