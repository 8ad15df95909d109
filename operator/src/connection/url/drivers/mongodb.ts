import { askedFor } from '../proxy-host.ts';
import type { Driver } from '../recipe.ts';
import { hostPort } from '../way-in.ts';

const PORT = 27_017;

export const mongodb: Driver = {
  name: 'mongodb',
  title: 'MongoDB drivers',
  kind: 'mongodb',
  ways: {
    tcp: (way, { user, database }) => ({
      connect: `mongodb://${user}@${hostPort(way)}/${database}?directConnection=true`,
      notes: ['uri-password', 'mongodb-direct', 'keepalive'],
    }),
    sni: (way, { user, database }) => ({
      connect: `mongodb://${user}@${hostPort(way)}/${database}?directConnection=true&tls=true`,
      notes: [
        'uri-password',
        'mongodb-direct',
        way.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
      ],
    }),
    socks5: (way, blanks) => {
      const login =
        way.grant === 'none' ? '' : `&proxyUsername=${blanks.connection}&proxyPassword=${blanks.grant}`;
      return {
        connect:
          `mongodb://${blanks.user}@${hostPort(askedFor(blanks, PORT))}/${blanks.database}` +
          `?directConnection=true&proxyHost=${way.host}&proxyPort=${way.port}${login}`,
        notes: ['uri-password', 'mongodb-direct', 'mongodb-socks', 'remote-dns'],
      };
    },
    httpConnect: () => ({ not: 'MongoDB drivers speak to no HTTP proxy. Use socks5, sni or tcp.' }),
  },
};
