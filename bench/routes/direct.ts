import { CERTIFICATE_NAME } from './cipher.ts';
import type { Route } from './route.ts';

/** Client to target without a proxy: the limit of the load generator itself. */
export const direct: Route = {
  name: 'direct',
  describe: async () => 'no proxy between client and target',
  async start(target) {
    const { host, tls } = target;
    const by = { kind: 'tls', serverName: CERTIFICATE_NAME, certificate: tls.certificate } as const;
    return {
      name: 'direct',
      address: target,
      ingress: { tcp: target, 'sni-passthrough': { host, port: tls.port, by } },
      processes: [],
      stop: async () => {},
    };
  },
};
