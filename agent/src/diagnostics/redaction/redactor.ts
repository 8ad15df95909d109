import { type KnownSecrets, REDACTED } from './known-secrets.ts';
import { type RedactionRule, redactPatterns } from './patterns.ts';
import { isBareReference, isSecretName } from './secret-name.ts';

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
      if (Array.isArray(each)) return each.map((item) => walk(item, depth + 1));
      if (typeof each !== 'object' || each === null) return each;
      const entries = Object.entries(each).map(([key, below]): [string, unknown] => [
        this.redactText(key),
        this.#isHidden(key, below) ? REDACTED : walk(below, depth + 1),
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

  #isHidden(key: string, value: unknown): boolean {
    if (!isSecretName(key) || value === null || typeof value === 'boolean' || value === REDACTED)
      return false;
    if (isBareReference(value)) return false;
    this.#hit('field-name');
    return true;
  }

  #hit(rule: RedactionRule): void {
    this.#hits[rule] = (this.#hits[rule] ?? 0) + 1;
  }
}
