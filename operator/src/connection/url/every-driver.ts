import { curl, snowflake } from './drivers/http.ts';
import { mongodb } from './drivers/mongodb.ts';
import { mariadb, mysql } from './drivers/mysql.ts';
import { oracle } from './drivers/oracle.ts';
import { libpq, npgsql, pgjdbc, psql } from './drivers/postgresql.ts';
import { redis } from './drivers/redis.ts';
import { sqlserver } from './drivers/sqlserver.ts';
import type { Driver } from './recipe.ts';

/** The drivers of `connection url` and docs/drivers.md, in display order. */
export const everyDriver: readonly Driver[] = [
  pgjdbc,
  psql,
  libpq,
  npgsql,
  mysql,
  mariadb,
  sqlserver,
  oracle,
  mongodb,
  redis,
  snowflake,
  curl,
];
