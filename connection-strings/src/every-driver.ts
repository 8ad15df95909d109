import { curl, snowflake } from './drivers/http.ts';
import { mongodb } from './drivers/mongodb.ts';
import { mariadb, mysql } from './drivers/mysql.ts';
import {
  dbeaverMysql,
  goMysql,
  mysql2,
  mysqlProgram,
  pymysql,
  sqlalchemyMysql,
} from './drivers/mysql-clients.ts';
import { oracle } from './drivers/oracle.ts';
import { pgjdbc } from './drivers/pgjdbc.ts';
import { libpq, npgsql, psql } from './drivers/postgresql.ts';
import { asyncpg, dbeaver, odbc, pgx, psycopg, sqlalchemy } from './drivers/postgresql-clients.ts';
import { redis } from './drivers/redis.ts';
import { sqlserver } from './drivers/sqlserver.ts';
import type { Driver } from './recipe.ts';

/** The drivers of `connection url`, of the API and of docs/drivers.md, in display order. */
export const everyDriver: readonly Driver[] = [
  pgjdbc,
  psql,
  libpq,
  psycopg,
  asyncpg,
  sqlalchemy,
  pgx,
  odbc,
  npgsql,
  dbeaver,
  mysql,
  mariadb,
  mysqlProgram,
  mysql2,
  pymysql,
  sqlalchemyMysql,
  goMysql,
  dbeaverMysql,
  sqlserver,
  oracle,
  mongodb,
  redis,
  snowflake,
  curl,
];
