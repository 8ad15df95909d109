import { hostPort } from '../ingress-endpoint.ts';
import { proxyTarget } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';

const PORT = 27_017;

export const mongodb: Driver = {
  name: 'mongodb',
  title: 'MongoDB drivers',
  kind: 'mongodb',
  recipes: {
    tcp: (endpoint, { user, database }) => ({
      connect: `mongodb://${user}@${hostPort(endpoint)}/${database}?directConnection=true`,
      notes: ['uri-password', 'mongodb-direct', 'keepalive'],
    }),
    sni: (endpoint, { user, database }) => ({
      connect: `mongodb://${user}@${hostPort(endpoint)}/${database}?directConnection=true&tls=true`,
      notes: [
        'uri-password',
        'mongodb-direct',
        endpoint.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
      ],
    }),
    socks5: (endpoint, placeholders) => {
      const login =
        endpoint.grant === 'none'
          ? ''
          : `&proxyUsername=${placeholders.connection}&proxyPassword=${placeholders.grant}`;
      return {
        connect:
          `mongodb://${placeholders.user}@${hostPort(proxyTarget(placeholders, PORT))}/${placeholders.database}` +
          `?directConnection=true&proxyHost=${endpoint.host}&proxyPort=${endpoint.port}${login}`,
        notes: ['uri-password', 'mongodb-direct', 'mongodb-socks', 'remote-dns'],
      };
    },
    httpConnect: () => ({
      unsupported: 'MongoDB drivers do not support HTTP proxies. Use socks5, sni or tcp.',
    }),
  },
};
