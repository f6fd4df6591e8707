"""CarWatch's database as its document creates it, on the three kinds of databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, text

from platewatch.db.engine import normalized_url
from tests.databases import Kind, empty_url

DOCUMENT: Final = """
-- Create users table
CREATE TABLE users (
    user_id INT AUTO_INCREMENT PRIMARY KEY,
    username VARCHAR(255) UNIQUE NOT NULL,
    password VARCHAR(255) NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

-- Create history table
CREATE TABLE history (
    id INT AUTO_INCREMENT PRIMARY KEY,
    plate VARCHAR(255),
    subject VARCHAR(255),
    description TEXT,
    date TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    user_id INT NULL,
    FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE SET NULL
);

-- Create images table (for BLOB storage)
CREATE TABLE images (
    image_id INT AUTO_INCREMENT PRIMARY KEY,
    filename VARCHAR(255) NOT NULL,
    image_data MEDIUMBLOB NOT NULL,
    file_size INT NOT NULL,
    file_type VARCHAR(10) NOT NULL,
    upload_date TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
"""
"""Word for word, for MySQL and MariaDB."""

_TRANSLATED: Final = {
    Kind.MARIADB: {},
    Kind.POSTGRESQL: {"INT AUTO_INCREMENT": "SERIAL", "MEDIUMBLOB": "BYTEA"},
    Kind.SQLITE: {"INT AUTO_INCREMENT PRIMARY KEY": "INTEGER PRIMARY KEY AUTOINCREMENT", "MEDIUMBLOB": "BLOB"},
}


def create_tables(engine: Engine, kind: Kind) -> None:
    """Make CarWatch's three tables."""
    schema = DOCUMENT
    for word, other in _TRANSLATED[kind].items():
        schema = schema.replace(word, other)
    with engine.begin() as connection:
        for statement in schema.split(";"):
            if statement.strip():
                connection.execute(text(statement))


class Source:
    """A CarWatch database, to be filled by a test."""

    def __init__(self, url: str, kind: Kind) -> None:
        self.url = url
        self.kind = kind
        self.engine = create_engine(normalized_url(url))

    def insert(self, table: str, **values: Any) -> None:
        names = ", ".join(values)
        statement = text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})")
        with self.engine.begin() as connection:
            if self.kind is Kind.MARIADB:
                # So that the times of tests are UTC whatever zone the server is in.
                connection.execute(text("SET time_zone = '+00:00'"))
            connection.execute(statement, values)

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))


@contextmanager
def carwatch(kind: Kind, folder: Path, name: str = "platewatch_test_carwatch") -> Iterator[Source]:
    """A database with CarWatch's empty tables, gone at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with empty_url(kind, folder, name) as url:
        source = Source(url, kind)
        try:
            create_tables(source.engine, kind)
            yield source
        finally:
            source.engine.dispose()
