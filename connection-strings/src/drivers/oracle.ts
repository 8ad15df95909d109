import { hostPort } from '../ingress-endpoint.ts';
import { jvmTarget, proxyTarget } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';

const PORT = 1521;
const TCPS_PORT = 2484;

/** Oracle's thin JDBC driver. Its URL does not contain the user. */
export const oracle: Driver = {
  name: 'oracle',
  title: 'Oracle JDBC (thin)',
  kind: 'oracle',
  recipes: {
    tcp: (endpoint, { database }) => ({
      connect: `jdbc:oracle:thin:@//${hostPort(endpoint)}/${database}`,
      notes: ['jdbc-password', 'oracle-redirect', 'oracle-keepalive', 'keepalive'],
    }),
    sni: (endpoint, { database }) => ({
      connect: `jdbc:oracle:thin:@tcps://${hostPort(endpoint)}/${database}`,
      notes: [
        'jdbc-password',
        'oracle-sni',
        endpoint.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
        'oracle-redirect',
      ],
    }),
    socks5: (endpoint, placeholders) => ({
      connect: `jdbc:oracle:thin:@//${hostPort(jvmTarget(endpoint, placeholders, PORT))}/${placeholders.database}`,
      also: [
        `-Doracle.net.socksProxyHost=${endpoint.host}`,
        `-Doracle.net.socksProxyPort=${endpoint.port}`,
        '-Doracle.net.socksRemoteDNS=true',
      ],
      notes: [
        'jdbc-password',
        'remote-dns',
        endpoint.grant === 'none' ? 'proxy-verify-full' : 'jvm-grant',
        'oracle-redirect',
      ],
    }),
    httpConnect: (endpoint, placeholders) => {
      if (endpoint.grant === 'required' || endpoint.tls === 'on') {
        return {
          unsupported:
            'The driver connects to an HTTP proxy in plaintext and without credentials. Use socks5, or an ingress with tls: off and grant: none.',
        };
      }
      const { host, port } = proxyTarget(placeholders, TCPS_PORT);
      return {
        connect:
          `jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST=${host})(PORT=${port})` +
          `(HTTPS_PROXY=${endpoint.host})(HTTPS_PROXY_PORT=${endpoint.port}))(CONNECT_DATA=(SERVICE_NAME=${placeholders.database})))`,
        notes: ['jdbc-password', 'oracle-proxy-tcps', 'proxy-verify-full'],
      };
    },
  },
};
