"""The history of the schema, oldest first in `versions/`.

`Database.migrate` runs it. Write the next one with
`alembic -c CONFIG -x database=sqlite:///scratch.sqlite revision --autogenerate -m "what it does"`.
"""
