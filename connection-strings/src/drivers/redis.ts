import { hostPort } from '../ingress-endpoint.ts';
import type { Driver } from '../recipe.ts';

export const redis: Driver = {
  name: 'redis',
  title: 'Redis clients (redis-cli, ioredis, Lettuce, redis-py)',
  kind: 'redis',
  recipes: {
    tcp: (endpoint) => ({
      connect: `redis://${hostPort(endpoint)}/0`,
      notes: ['uri-password', 'redis-cluster', 'keepalive'],
    }),
    sni: (endpoint) => ({
      connect: `rediss://${hostPort(endpoint)}/0`,
      notes: [
        'uri-password',
        endpoint.mode === 'terminate' ? 'terminate-name' : 'passthrough-name',
        'dns',
        'redis-cluster',
      ],
    }),
    socks5: () => ({ unsupported: 'Most Redis clients do not support proxies. Use tcp or sni.' }),
    httpConnect: () => ({ unsupported: 'Redis clients do not support HTTP proxies. Use tcp or sni.' }),
  },
};
