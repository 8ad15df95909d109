import { digestOf } from './digest.ts';
import type { JsonValue } from './yaml/tree.ts';

type JsonObject = { readonly [key: string]: JsonValue };

/** Fields of `cluster` that are different in the file of each replica, unless they are references. */
const OF_ONE_REPLICA: ReadonlySet<string> = new Set(['name', 'listen', 'advertise']);

/**
 * Returns the digest of a gateway.yaml, ignoring `cluster.name`, `cluster.listen`, and `cluster.advertise`. Replicas with the same
 * digest run the same configuration.
 */
export function replicaDigestOf(content: JsonValue): string {
  if (!isObject(content) || content['cluster'] === undefined || !isObject(content['cluster'])) {
    return digestOf(content);
  }
  const kept = Object.entries(content['cluster']).filter(([name]) => !OF_ONE_REPLICA.has(name));
  return digestOf({ ...content, cluster: Object.fromEntries(kept) });
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
