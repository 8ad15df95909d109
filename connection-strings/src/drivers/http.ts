import { hostPort, urlHost } from '../ingress-endpoint.ts';
import { jvmSocks, proxyTarget, proxyUrl } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';

const PORT = 443;

/** curl, as an example of an HTTP client. */
export const curl: Driver = {
  name: 'curl',
  title: 'curl and other HTTP clients',
  kind: 'http',
  recipes: {
    tcp: (endpoint) => ({
      connect: `curl --connect-to ::${hostPort(endpoint)} https://HOST/`,
      notes: ['keepalive'],
    }),
    sni: (endpoint) => ({
      connect: `curl https://${hostPort(endpoint)}/`,
      notes: [endpoint.mode === 'terminate' ? 'terminate-name' : 'passthrough-name', 'dns'],
    }),
    socks5: (endpoint, placeholders) => ({
      connect: `curl --proxy ${proxyUrl('socks5h', endpoint, placeholders)} https://${hostPort(proxyTarget(placeholders, PORT))}/`,
      notes: [
        'remote-dns',
        'proxy-verify-full',
        ...(endpoint.grant === 'required' ? (['proxy-secret'] as const) : []),
      ],
    }),
    httpConnect: (endpoint, placeholders) => ({
      connect: `curl --proxy ${proxyUrl(endpoint.tls === 'on' ? 'https' : 'http', endpoint, placeholders)} https://${hostPort(proxyTarget(placeholders, PORT))}/`,
      notes: [
        'proxy-verify-full',
        ...(endpoint.tls === 'on' ? (['proxy-certificate'] as const) : []),
        ...(endpoint.grant === 'required' ? (['proxy-secret'] as const) : []),
        ...(endpoint.tls === 'off' ? (['proxy-clear'] as const) : []),
      ],
    }),
  },
};

/** Snowflake's JDBC driver connects to its account over HTTPS; the target is the account's private link. */
export const snowflake: Driver = {
  name: 'snowflake',
  title: 'Snowflake JDBC',
  kind: 'http',
  recipes: {
    tcp: () => ({
      unsupported:
        "The driver verifies the account's certificate against its URL, so the URL cannot contain the gateway's host. Use httpConnect, or sni with the account's host name.",
    }),
    sni: (endpoint, { user, database }) =>
      endpoint.mode === 'terminate'
        ? { unsupported: "The driver requires the account's certificate. Use mode: passthrough." }
        : {
            connect: `jdbc:snowflake://${hostPort(endpoint)}/?user=${user}&db=${database}`,
            notes: ['jdbc-password', 'passthrough-name', 'dns'],
          },
    socks5: (endpoint, placeholders) =>
      endpoint.grant === 'required'
        ? {
            unsupported:
              "For a JVM, the grant is part of the host name, which then does not match the account's certificate. Use httpConnect, or an ingress with grant: none.",
          }
        : {
            connect: `jdbc:snowflake://${hostPort(proxyTarget(placeholders, PORT))}/?user=${placeholders.user}&db=${placeholders.database}`,
            also: jvmSocks(endpoint),
            notes: ['jdbc-password', 'jvm-socks', 'proxy-verify-full'],
          },
    httpConnect: (endpoint, placeholders) => {
      const login =
        endpoint.grant === 'none'
          ? ''
          : `&proxyUser=${placeholders.connection}&proxyPassword=${placeholders.grant}`;
      return {
        connect:
          `jdbc:snowflake://${hostPort(proxyTarget(placeholders, PORT))}/?user=${placeholders.user}&db=${placeholders.database}` +
          `&useProxy=true&proxyHost=${urlHost(endpoint.host)}&proxyPort=${endpoint.port}&proxyProtocol=${endpoint.tls === 'on' ? 'https' : 'http'}${login}`,
        notes: [
          'jdbc-password',
          'proxy-verify-full',
          ...(endpoint.grant === 'required' ? (['basic-on-connect'] as const) : []),
          ...(endpoint.tls === 'off' ? (['proxy-clear'] as const) : []),
        ],
      };
    },
  },
};
