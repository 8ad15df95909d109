import { hostPort, urlHost } from '../ingress-endpoint.ts';
import { jvmSocks, jvmTarget, noGrantInHost, targetAddress } from '../proxy-host.ts';
import type { Driver, Recipe } from '../recipe.ts';

const PORT = 3306;

export const noSni = (): Recipe => ({
  unsupported:
    'A MySQL server sends the first packet and starts TLS later, so the gateway does not receive a server name in time. Use tcp or socks5.',
});
const noHttp = (): Recipe => ({
  unsupported: 'The driver does not support HTTP proxies. Use socks5 or tcp.',
});

export const mysql: Driver = {
  name: 'mysql',
  title: 'MySQL Connector/J',
  kind: 'mysql',
  recipes: {
    tcp: (endpoint, { user, database }) => ({
      connect: `jdbc:mysql://${hostPort(endpoint)}/${database}?user=${user}&tcpKeepAlive=true`,
      notes: ['jdbc-password', 'mysql-verify', 'keepalive', 'mysql-no-retry', 'cancel'],
    }),
    sni: noSni,
    socks5: (endpoint, placeholders) => ({
      connect:
        `jdbc:mysql://${hostPort(jvmTarget(endpoint, placeholders, PORT))}/${placeholders.database}?user=${placeholders.user}` +
        `&socksProxyHost=${urlHost(endpoint.host)}&socksProxyPort=${endpoint.port}&socksProxyRemoteDns=true`,
      notes: [
        'jdbc-password',
        'remote-dns',
        endpoint.grant === 'none' ? 'proxy-verify-full' : 'jvm-grant',
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
  recipes: {
    tcp: (endpoint, { user, database }) => ({
      connect: `jdbc:mariadb://${hostPort(endpoint)}/${database}?user=${user}&sslMode=disable&tcpKeepAlive=true`,
      notes: ['jdbc-password', 'mariadb-tls', 'keepalive', 'mysql-no-retry', 'cancel'],
    }),
    sni: noSni,
    socks5: (endpoint, placeholders) =>
      endpoint.grant === 'required'
        ? noGrantInHost('tcp')
        : {
            connect: `jdbc:mariadb://${hostPort(targetAddress(placeholders, PORT))}/${placeholders.database}?user=${placeholders.user}&sslMode=disable`,
            also: jvmSocks(endpoint),
            notes: ['jdbc-password', 'jvm-socks', 'local-dns', 'mariadb-tls', 'cancel'],
          },
    httpConnect: noHttp,
  },
};
