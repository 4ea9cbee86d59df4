"""psycopg through a pooler: a prepared statement, a transaction, a COPY. Prints one line for each."""
import os

import psycopg

uri = os.environ["URI"]
with psycopg.connect(uri, autocommit=True) as connection:
    sums = [
        connection.execute("select %s::int + 1", [n], prepare=True).fetchone()[0] for n in range(20)
    ]
    assert sums == list(range(1, 21)), sums
    print("prepared", len(sums))

    connection.execute("create table if not exists from_psycopg (n int primary key)")
    try:
        with connection.transaction():
            connection.execute("insert into from_psycopg values (1)")
            connection.execute("insert into from_psycopg values (1)")
    except psycopg.errors.UniqueViolation:
        pass
    with connection.transaction():
        connection.execute("insert into from_psycopg values (2)")
    rows = connection.execute("select n from from_psycopg").fetchall()
    assert rows == [(2,)], rows
    print("transaction", rows[0][0])

    with connection.cursor() as cursor:
        with cursor.copy("copy from_psycopg from stdin") as copy:
            for n in range(1000, 2000):
                copy.write_row([n])
    count = connection.execute("select count(*) from from_psycopg where n >= 1000").fetchone()[0]
    assert count == 1000, count
    print("copy", count)
