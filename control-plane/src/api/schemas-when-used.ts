import { whenUsed } from '@penstock/json-schema';

/**
 * What an API makes of its schemas when a request first needs it, each of which holds the event loop for some milliseconds, and the
 * description of all routes for a tenth of a second. A gateway that is about to serve clients makes all of it before.
 */
export class SchemasWhenUsed {
  readonly #all: (() => unknown)[] = [];

  /** Like `whenUsed`. */
  add<Compiled>(compile: () => Compiled): () => Compiled {
    const compiled = whenUsed(compile);
    this.#all.push(compiled);
    return compiled;
  }

  /** Compiles what has been added and was not used yet. Throws for a schema that is wrong. */
  compileAll(): void {
    for (const compiled of this.#all) compiled();
  }
}
