import { createHash } from 'node:crypto';
import type { JsonValue } from './yaml/tree.ts';

/**
 * Returns `sha256:` and the hash of the file's content before references are resolved: the same on every host, whatever
 * the order of keys, the formatting, and the comments.
 */
export function digestOf(content: JsonValue): string {
  return `sha256:${createHash('sha256').update(canonicalJson(content)).digest('hex')}`;
}

/** JSON without spaces, keys sorted by their UTF-16 units (as RFC 8785 does). */
export function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${entries.join(',')}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
