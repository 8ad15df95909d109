import { askedFor, jvmSocks, proxyUrl } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';
import { hostPort, urlHost } from '../way-in.ts';

const PORT = 443;

/** curl, as an example of what speaks HTTP. `database` is the path. */
export const curl: Driver = {
  name: 'curl',
  title: 'curl and other HTTP clients',
  kind: 'http',
  ways: {
    tcp: (way) => ({
      connect: `curl --connect-to ::${hostPort(way)} https://HOST/`,
      notes: ['keepalive'],
    }),
    sni: (way) => ({
      connect: `curl https://${hostPort(way)}/`,
      notes: [way.mode === 'terminate' ? 'terminate-name' : 'passthrough-name', 'dns'],
    }),
    socks5: (way, blanks) => ({
      connect: `curl --proxy ${proxyUrl('socks5h', way, blanks)} https://${hostPort(askedFor(blanks, PORT))}/`,
      notes: [
        'remote-dns',
        'proxy-verify-full',
        ...(way.grant === 'required' ? (['proxy-secret'] as const) : []),
      ],
    }),
    httpConnect: (way, blanks) => ({
      connect: `curl --proxy ${proxyUrl(way.tls === 'on' ? 'https' : 'http', way, blanks)} https://${hostPort(askedFor(blanks, PORT))}/`,
      notes: [
        'proxy-verify-full',
        ...(way.tls === 'on' ? (['proxy-certificate'] as const) : []),
        ...(way.grant === 'required' ? (['proxy-secret'] as const) : []),
        ...(way.tls === 'off' ? (['proxy-clear'] as const) : []),
      ],
    }),
  },
};

/** Snowflake's JDBC driver speaks HTTPS to its account; the connection leads to the account's private link. */
export const snowflake: Driver = {
  name: 'snowflake',
  title: 'Snowflake JDBC',
  kind: 'http',
  ways: {
    tcp: () => ({
      not: "The driver checks the account's certificate against its URL, which then cannot name the gateway. Use httpConnect, or sni with the account's own host name.",
    }),
    sni: (way, { user, database }) =>
      way.mode === 'terminate'
        ? { not: "The driver expects the account's own certificate. Use mode: passthrough." }
        : {
            connect: `jdbc:snowflake://${hostPort(way)}/?user=${user}&db=${database}`,
            notes: ['jdbc-password', 'passthrough-name', 'dns'],
          },
    socks5: (way, blanks) =>
      way.grant === 'required'
        ? {
            not: "A JVM's grant stands in the host, which the account's certificate then does not name. Use httpConnect, or a way in with grant: none.",
          }
        : {
            connect: `jdbc:snowflake://${hostPort(askedFor(blanks, PORT))}/?user=${blanks.user}&db=${blanks.database}`,
            also: jvmSocks(way),
            notes: ['jdbc-password', 'jvm-socks', 'proxy-verify-full'],
          },
    httpConnect: (way, blanks) => {
      const login =
        way.grant === 'none' ? '' : `&proxyUser=${blanks.connection}&proxyPassword=${blanks.grant}`;
      return {
        connect:
          `jdbc:snowflake://${hostPort(askedFor(blanks, PORT))}/?user=${blanks.user}&db=${blanks.database}` +
          `&useProxy=true&proxyHost=${urlHost(way.host)}&proxyPort=${way.port}&proxyProtocol=${way.tls === 'on' ? 'https' : 'http'}${login}`,
        notes: [
          'jdbc-password',
          'proxy-verify-full',
          ...(way.grant === 'required' ? (['basic-on-connect'] as const) : []),
          ...(way.tls === 'off' ? (['proxy-clear'] as const) : []),
        ],
      };
    },
  },
};
