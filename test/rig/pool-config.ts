import { type Pool, parseGatewayConfig } from '@penstock/config-schema';

/** A pool as gateway.yaml would define it with these fields only. */
export function poolConfig(fields: { readonly name: string } & Readonly<Record<string, unknown>>): Pool {
  const file = {
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'acme',
    pools: [fields],
  };
  const parsed = parseGatewayConfig(JSON.stringify(file), { environment: {}, readFile: () => '' });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  const [pool] = parsed.config.pools;
  if (pool === undefined) throw new Error('The file has no pool.');
  return pool;
}
