import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A value that only `reveal` returns: strings, JSON, logs, and inspection show `[redacted]`. */
export class Secret {
  readonly #value: string;
  /** The `${…}` it came from, which is not secret; undefined for a secret that did not come from a file. */
  readonly reference: string | undefined;

  constructor(value: string, reference?: string) {
    this.#value = value;
    this.reference = reference;
  }

  /** Returns the value itself. Pass it directly to the call that needs it; do not store it. */
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
