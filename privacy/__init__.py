"""What may be seen, by whom, and the proof.

Nothing here knows the web, a database, the clock or the environment: time and keys are handed in, and everything is
a value or bytes. `keys` and `vault` seal; `policy` decides; `consent` and `disclosure` govern the one thing that ever
leaves a tenant; `audit` and its tree prove what was done.
"""
