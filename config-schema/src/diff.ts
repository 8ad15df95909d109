import { Secret } from './secret.ts';

export type ConfigChange = {
  /** `connectors[orders-db].address`; items without a name by their position, counted from 1. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** As text; empty if there is no value. */
  readonly before: string;
  readonly after: string;
};

/**
 * Compares two configurations, or the contents of two files before references are resolved, field by field.
 * Lists of named items are matched by name, so an inserted item is one change; other lists are compared
 * as a whole. Secrets are compared by reference and value and shown as their reference.
 */
export function diffConfig(before: unknown, after: unknown): readonly ConfigChange[] {
  return diffAt('', before, after);
}

type Things = ReadonlyMap<string, unknown>;

function diffAt(path: string, before: unknown, after: unknown): ConfigChange[] {
  const fieldsBefore = fieldsOf(before);
  const fieldsAfter = fieldsOf(after);
  if (fieldsBefore !== undefined && fieldsAfter !== undefined) {
    return diffThings(fieldsBefore, fieldsAfter, (key) => (path === '' ? key : `${path}.${key}`));
  }
  const namedBefore = byName(before);
  const namedAfter = byName(after);
  if (namedBefore !== undefined && namedAfter !== undefined) {
    const changes = diffThings(namedBefore, namedAfter, (name) => `${path}[${name}]`);
    return changes.concat(diffOrder(path, namedBefore, namedAfter));
  }
  const placesBefore = byPlace(before);
  const placesAfter = byPlace(after);
  if (placesBefore !== undefined && placesAfter !== undefined) {
    return diffThings(placesBefore, placesAfter, (place) => `${path}[${place}]`);
  }
  return isSame(before, after) ? [] : [change(path, before, after)];
}

function diffThings(before: Things, after: Things, pathOf: (key: string) => string): ConfigChange[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].flatMap((key) => diffAt(pathOf(key), before.get(key), after.get(key)));
}

/** The digest covers the order of items, so a change in order alone must be shown. */
function diffOrder(path: string, before: Things, after: Things): ConfigChange[] {
  const kept = [...before.keys()].filter((name) => after.has(name));
  const now = [...after.keys()].filter((name) => before.has(name));
  return isSame(kept, now) ? [] : [change(path, kept, now)];
}

function change(path: string, before: unknown, after: unknown): ConfigChange {
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return { path, kind, before: textOf(before), after: textOf(after) };
}

function fieldsOf(value: unknown): Things | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Secret) {
    return undefined;
  }
  return new Map(Object.entries(value).filter(([, below]) => below !== undefined));
}

function byName(value: unknown): Things | undefined {
  if (!Array.isArray(value)) return undefined;
  const named = new Map<string, unknown>();
  for (const item of value) {
    const name = fieldsOf(item)?.get('name');
    if (typeof name !== 'string' || named.has(name)) return undefined;
    named.set(name, item);
  }
  return named;
}

/** The items of a list of groups without names; lists of plain values are compared as a whole. */
function byPlace(value: unknown): Things | undefined {
  if (!Array.isArray(value) || value.some((item) => fieldsOf(item) === undefined)) return undefined;
  return new Map(value.map((item, index) => [`#${index + 1}`, item]));
}

function isSame(before: unknown, after: unknown): boolean {
  if (before instanceof Secret && after instanceof Secret) {
    return before.reference === after.reference && before.reveal() === after.reveal();
  }
  if (before instanceof Secret || after instanceof Secret) return false;
  return JSON.stringify(before) === JSON.stringify(after);
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Secret) return value.reference ?? value.toString();
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_, below: unknown) => (below instanceof Secret ? textOf(below) : below));
}
