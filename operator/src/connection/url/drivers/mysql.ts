import { addressAskedFor, askedForByJvm, jvmSocks, noGrantInHost } from '../proxy-host.ts';
import type { Driver, Recipe } from '../recipe.ts';
import { hostPort, urlHost } from '../way-in.ts';

const PORT = 3306;

const noSni = (): Recipe => ({
  not: 'A MySQL server speaks first and starts TLS later, so no server name comes in time. Use tcp or socks5.',
});
const noHttp = (): Recipe => ({ not: 'It speaks to no HTTP proxy. Use socks5 or tcp.' });

export const mysql: Driver = {
  name: 'mysql',
  title: 'MySQL Connector/J',
  kind: 'mysql',
  ways: {
    tcp: (way, { user, database }) => ({
      connect: `jdbc:mysql://${hostPort(way)}/${database}?user=${user}&tcpKeepAlive=true`,
      notes: ['jdbc-password', 'mysql-verify', 'keepalive', 'mysql-no-retry', 'cancel'],
    }),
    sni: noSni,
    socks5: (way, blanks) => ({
      connect:
        `jdbc:mysql://${hostPort(askedForByJvm(way, blanks, PORT))}/${blanks.database}?user=${blanks.user}` +
        `&socksProxyHost=${urlHost(way.host)}&socksProxyPort=${way.port}&socksProxyRemoteDns=true`,
      notes: [
        'jdbc-password',
        'remote-dns',
        way.grant === 'none' ? 'proxy-verify-full' : 'jvm-grant',
        'cancel',
      ],
    }),
    httpConnect: noHttp,
  },
};

export const mariadb: Driver = {
  name: 'mariadb',
  title: 'MariaDB Connector/J',
  kind: 'mysql',
  ways: {
    tcp: (way, { user, database }) => ({
      connect: `jdbc:mariadb://${hostPort(way)}/${database}?user=${user}&tcpKeepAlive=true`,
      notes: ['jdbc-password', 'mariadb-tls', 'keepalive', 'mysql-no-retry', 'cancel'],
    }),
    sni: noSni,
    socks5: (way, blanks) =>
      way.grant === 'required'
        ? noGrantInHost('tcp')
        : {
            connect: `jdbc:mariadb://${hostPort(addressAskedFor(blanks, PORT))}/${blanks.database}?user=${blanks.user}`,
            also: jvmSocks(way),
            notes: ['jdbc-password', 'jvm-socks', 'local-dns', 'mariadb-tls', 'cancel'],
          },
    httpConnect: noHttp,
  },
};
