import { hostPort } from '../ingress-endpoint.ts';
import type { NoteId } from '../notes.ts';
import type { Driver, Recipe } from '../recipe.ts';
import { mysql, noSni } from './mysql.ts';

type TcpRecipe = Driver['recipes']['tcp'];

/** A client that reaches its server directly, so only the TCP port of a connection. */
const direct = (name: string, title: string, tcp: TcpRecipe): Driver => {
  const noProxy = (): Recipe => ({ unsupported: 'This client does not support proxies. Use tcp.' });
  return { name, title, kind: 'mysql', recipes: { tcp, sni: noSni, socks5: noProxy, httpConnect: noProxy } };
};

const common: readonly NoteId[] = ['keepalive-system', 'mysql-no-retry', 'cancel'];

export const mysqlProgram = direct('mysql-program', 'The mysql and mariadb programs', (at, blanks) => ({
  connect: `mysql --protocol=TCP --host=${at.host} --port=${at.port} --user=${blanks.user} ${blanks.database}`,
  notes: ['mysql-program-password', 'mysql-program-tls', ...common],
}));

export const mysql2 = direct('mysql2', 'mysql2 (Node.js)', (at, { user, database }) => ({
  connect: `mysql://${user}@${hostPort(at)}/${database}`,
  notes: ['argument-password', 'mysql2-tls', ...common],
}));

export const pymysql = direct('pymysql', 'PyMySQL (Python)', (at, { user, database }) => ({
  connect: `pymysql.connect(host="${at.host}", port=${at.port}, user="${user}", database="${database}")`,
  notes: ['argument-password', 'pymysql-tls', ...common],
}));

export const sqlalchemyMysql = direct(
  'sqlalchemy-mysql',
  'SQLAlchemy with PyMySQL (Python)',
  (at, { user, database }) => ({
    connect: `mysql+pymysql://${user}@${hostPort(at)}/${database}`,
    notes: ['sqlalchemy-password', 'pymysql-tls', ...common],
  }),
);

export const goMysql = direct('go-sql-driver', 'Go-MySQL-Driver', (at, { user, database }) => ({
  connect: `${user}@tcp(${hostPort(at)})/${database}?tls=preferred`,
  notes: ['go-mysql-password', 'go-mysql-tls', ...common],
}));

/** DBeaver uses MySQL Connector/J for MySQL, and has fields of its own for the login. */
export const dbeaverMysql = direct('dbeaver-mysql', 'DBeaver, for MySQL', (...of) => {
  const recipe = mysql.recipes.tcp(...of);
  if ('unsupported' in recipe) return recipe;
  const notes = recipe.notes.filter((id) => id !== 'jdbc-password');
  return { connect: recipe.connect.replace(/user=[^&]*&/, ''), notes: ['dbeaver', ...notes] };
});
