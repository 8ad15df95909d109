"""Connects with a driver and the string that `connection url` prints, and prints the answer to a query.

Usage: query.py DRIVER STRING. The password is in DATABASE_PASSWORD. The server names of tests are not in DNS.
"""

import os
import socket
import sys

QUERY = "select 6 * 7"
driver, printed = sys.argv[1:]
password = os.environ["DATABASE_PASSWORD"]
system_lookup = socket.getaddrinfo


def lookup(host, *rest, **options):
    is_test_name = isinstance(host, str) and host.endswith(".example")
    return system_lookup("127.0.0.1" if is_test_name else host, *rest, **options)


socket.getaddrinfo = lookup


def through_cursor(connection):
    cursor = connection.cursor()
    cursor.execute(QUERY)
    return cursor.fetchone()[0]


def psycopg_answer():
    import psycopg

    with psycopg.connect(printed, password=password) as connection:
        return through_cursor(connection)


def asyncpg_answer():
    import asyncio

    import asyncpg

    async def query():
        connection = await asyncpg.connect(printed, password=password)
        try:
            return await connection.fetchval(QUERY)
        finally:
            await connection.close()

    return asyncio.run(query())


def sqlalchemy_answer():
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(printed).set(password=password))
    with engine.connect() as connection:
        answer = connection.execute(text(QUERY)).scalar()
    engine.dispose()
    return answer


def pymysql_answer():
    import pymysql

    # The printed string is a call. The password is an argument of its own.
    plain_connect = pymysql.connect
    pymysql.connect = lambda **options: plain_connect(password=password, **options)
    return through_cursor(eval(printed, {"pymysql": pymysql}))


def odbc_answer():
    import pyodbc

    return through_cursor(pyodbc.connect(f"{printed};Pwd={password}"))


answers = {
    "psycopg": psycopg_answer,
    "asyncpg": asyncpg_answer,
    "sqlalchemy": sqlalchemy_answer,
    "sqlalchemy-mysql": sqlalchemy_answer,
    "pymysql": pymysql_answer,
    "odbc": odbc_answer,
}
print(answers[driver]())
