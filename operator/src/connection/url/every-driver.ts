import { curl, snowflake } from './drivers/http.ts';
import { mongodb } from './drivers/mongodb.ts';
import { mariadb, mysql } from './drivers/mysql.ts';
import { oracle } from './drivers/oracle.ts';
import { libpq, npgsql, pgjdbc, psql } from './drivers/postgresql.ts';
import { redis } from './drivers/redis.ts';
import { sqlserver } from './drivers/sqlserver.ts';
import type { Driver } from './recipe.ts';

/** Every driver that `connection url` and docs/drivers.md know, in the order in which they are shown. */
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
