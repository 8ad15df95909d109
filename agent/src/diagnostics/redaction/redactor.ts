import { isSecretName } from '@penstock/config-schema';
import { isBareReference } from './bare-reference.ts';
import { type KnownSecrets, REDACTED } from './known-secrets.ts';
import { holdsNamedValue, isNamedByPrevious, namesSecret } from './name-value-pairs.ts';
import { redactPatterns } from './patterns.ts';
import type { RedactionRule } from './rule.ts';

/** A value cannot be redacted reliably and must not be sent. The message is the reason and contains no value. */
export class NotRedactable extends Error {
  override readonly name = 'NotRedactable';
}

const MAX_DEPTH = 16;
const MAX_VALUES = 200_000;

/** Removes secrets from values, and counts the hits of each rule. */
export class Redactor {
  readonly #known: KnownSecrets;
  readonly #hits: Partial<Record<RedactionRule, number>> = {};

  constructor(known: KnownSecrets) {
    this.#known = known;
  }

  get hits(): Readonly<Partial<Record<RedactionRule, number>>> {
    return this.#hits;
  }

  /** A copy of a JSON value without secrets. Throws NotRedactable. */
  redact(value: unknown): unknown {
    let remaining = MAX_VALUES;
    const walk = (each: unknown, depth: number): unknown => {
      remaining -= 1;
      if (depth > MAX_DEPTH || remaining < 0) throw new NotRedactable('too large or too deeply nested');
      if (typeof each === 'string') return this.redactText(each);
      if (typeof each === 'number') return this.#redactNumber(each);
      if (Array.isArray(each)) {
        return each.map((item, at) => (this.#isPairHidden(each, at) ? REDACTED : walk(item, depth + 1)));
      }
      if (typeof each !== 'object' || each === null) return each;
      const fields = Object.entries(each);
      const isPair = namesSecret(fields);
      const entries = fields.map(([key, below]): [string, unknown] => [
        this.redactText(key),
        this.#isHidden(key, below, isPair) ? REDACTED : walk(below, depth + 1),
      ]);
      return Object.fromEntries(entries);
    };
    const clean = walk(value, 0);
    // Two harmless values can form a secret where they are adjacent.
    if (this.#known.isIn(JSON.stringify(clean) ?? ''))
      throw new NotRedactable('a known secret remained in it');
    return clean;
  }

  /** A text without secrets. */
  redactText(text: string): string {
    const known = this.#known.redact(text);
    if (known !== text) this.#hit('known-secret');
    return redactPatterns(known, (rule) => this.#hit(rule));
  }

  #redactNumber(value: number): number | string {
    if (this.#known.redact(String(value)) === String(value)) return value;
    this.#hit('known-secret');
    return REDACTED;
  }

  #isHidden(key: string, value: unknown, isPair: boolean): boolean {
    if (value === null || typeof value === 'boolean' || value === REDACTED || isBareReference(value))
      return false;
    // In {"key": "PASSWORD", "value": "…"}, the key is a name.
    const isNamed = isSecretName(key) && !(isPair && typeof value === 'string' && isSecretName(value));
    if (!isNamed && !(isPair && holdsNamedValue(key))) return false;
    this.#hit(isNamed ? 'field-name' : 'name-value-pair');
    return true;
  }

  #isPairHidden(items: readonly unknown[], at: number): boolean {
    if (items[at] === REDACTED || isBareReference(items[at]) || !isNamedByPrevious(items, at)) return false;
    this.#hit('name-value-pair');
    return true;
  }

  #hit(rule: RedactionRule): void {
    this.#hits[rule] = (this.#hits[rule] ?? 0) + 1;
  }
}
