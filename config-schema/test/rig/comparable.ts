import { Secret } from '../../src/secret.ts';

/** Makes a configuration comparable: secrets become plain values, and the fields about its file are removed. */
export function comparable(config: object): unknown {
  const {
    digest: _,
    replicaDigest: __,
    content: ___,
    ...rest
  } = config as { readonly digest?: string; readonly replicaDigest?: string; readonly content?: unknown };
  return revealed(rest);
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, revealed(below)]));
}
