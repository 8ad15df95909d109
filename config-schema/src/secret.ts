import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A value that shows itself to nobody who does not ask by name: strings, JSON, logs and inspection print `[redacted]`. */
export class Secret {
  readonly #value: string;
  /** The `${…}` it came from, which tells nothing; undefined for a secret that came from no file. */
  readonly reference: string | undefined;

  constructor(value: string, reference?: string) {
    this.#value = value;
    this.reference = reference;
  }

  /** The value itself. Hand it to the one call that needs it, and store it nowhere. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
