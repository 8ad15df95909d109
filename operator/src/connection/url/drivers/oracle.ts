import { askedFor, askedForByJvm } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';
import { hostPort } from '../way-in.ts';

const PORT = 1521;
const TCPS_PORT = 2484;

/** Oracle's thin JDBC driver. The user is not part of its URL. */
export const oracle: Driver = {
  name: 'oracle',
  title: 'Oracle JDBC (thin)',
  kind: 'oracle',
  ways: {
    tcp: (way, { database }) => ({
      connect: `jdbc:oracle:thin:@//${hostPort(way)}/${database}`,
      notes: ['jdbc-password', 'oracle-redirect', 'oracle-keepalive', 'keepalive'],
    }),
    sni: (way, { database }) => ({
      connect: `jdbc:oracle:thin:@tcps://${hostPort(way)}/${database}`,
      notes: [
        'jdbc-password',
        'oracle-sni',
        way.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
        'oracle-redirect',
      ],
    }),
    socks5: (way, blanks) => ({
      connect: `jdbc:oracle:thin:@//${hostPort(askedForByJvm(way, blanks, PORT))}/${blanks.database}`,
      also: [
        `-Doracle.net.socksProxyHost=${way.host}`,
        `-Doracle.net.socksProxyPort=${way.port}`,
        '-Doracle.net.socksRemoteDNS=true',
      ],
      notes: [
        'jdbc-password',
        'remote-dns',
        way.grant === 'none' ? 'proxy-verify-full' : 'jvm-grant',
        'oracle-redirect',
      ],
    }),
    httpConnect: (way, blanks) => {
      if (way.grant === 'required' || way.tls === 'on') {
        return {
          not: 'The driver speaks to an HTTP proxy in clear text and without credentials. Use socks5, or a way in with tls: off and grant: none.',
        };
      }
      const { host, port } = askedFor(blanks, TCPS_PORT);
      return {
        connect:
          `jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST=${host})(PORT=${port})` +
          `(HTTPS_PROXY=${way.host})(HTTPS_PROXY_PORT=${way.port}))(CONNECT_DATA=(SERVICE_NAME=${blanks.database})))`,
        notes: ['jdbc-password', 'oracle-proxy-tcps', 'proxy-verify-full'],
      };
    },
  },
};
