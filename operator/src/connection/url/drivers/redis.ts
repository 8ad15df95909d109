import type { Driver } from '../recipe.ts';
import { hostPort } from '../way-in.ts';

export const redis: Driver = {
  name: 'redis',
  title: 'Redis clients (redis-cli, ioredis, Lettuce, redis-py)',
  kind: 'redis',
  ways: {
    tcp: (way) => ({
      connect: `redis://${hostPort(way)}/0`,
      notes: ['uri-password', 'redis-cluster', 'keepalive'],
    }),
    sni: (way) => ({
      connect: `rediss://${hostPort(way)}/0`,
      notes: [
        'uri-password',
        way.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
        'redis-cluster',
      ],
    }),
    socks5: () => ({ not: 'Most clients of Redis speak to no proxy. Use tcp or sni.' }),
    httpConnect: () => ({ not: 'Clients of Redis speak to no HTTP proxy. Use tcp or sni.' }),
  },
};
