"""The database: engine, tables, migrations, and what every feature's repository is built on."""
