import { isDeepStrictEqual } from 'node:util';
import type { ParseResult } from '@penstock/config-schema';

type Stamped = { readonly version: number; readonly digest: string };

export type ReloaderOptions<Config> = {
  readonly first: Config;
  readonly file: string;
  readonly load: () => ParseResult<Config>;
  readonly apply: (config: Config) => void | Promise<void>;
  /** Calls `onChange` when a file has changed, until the function that it returns is called. */
  readonly watch: (files: readonly string[], onChange: () => void) => () => void;
  readonly log: (
    event: 'config-loaded' | 'config-refused',
    fields: Readonly<Record<string, unknown>>,
  ) => void;
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds between two attempts to load a refused configuration. */
  readonly retryInterval?: number;
};

const RETRY_INTERVAL_MS = 1_000;
/** At most this share of the time is spent on loading a refused configuration again. */
const MAX_RETRY_SHARE = 0.02;

/**
 * Reloads a configuration when its file or a file that it refers to changes. A refused one is loaded again until it is valid:
 * what it lacks may be a file that comes later, a permission or a mount, none of which changes the watched files.
 */
export class Reloader<Config extends Stamped> {
  readonly #options: ReloaderOptions<Config>;
  #inForce: Config;
  #work = Promise.resolve();
  #state: 'running' | 'stopped' = 'running';
  #stopWatching = () => {};
  #retry: NodeJS.Timeout | undefined;
  /** The problems that were logged last; undefined when the last configuration was accepted. */
  #refused: readonly string[] | undefined;

  constructor(options: ReloaderOptions<Config>) {
    this.#options = options;
    this.#inForce = options.first;
  }

  /** Watches the configuration file and the files that the first configuration refers to. */
  start(references: readonly string[]): void {
    this.#watch(references);
  }

  /** Reloads as if the file had changed, and logs the result in any case. */
  reload(): void {
    this.#enqueue(true);
  }

  stop(): void {
    this.#state = 'stopped';
    this.#stopWatching();
    clearTimeout(this.#retry);
  }

  /** Resolves when a running reload has finished. */
  idle(): Promise<void> {
    return this.#work;
  }

  #enqueue(isRequested: boolean): void {
    const { onFailure } = this.#options;
    this.#work = this.#work
      .then(() => (this.#state === 'running' ? this.#reload(isRequested) : undefined))
      .catch(onFailure);
  }

  async #reload(isRequested: boolean): Promise<void> {
    const { load, apply, file, log } = this.#options;
    clearTimeout(this.#retry);
    const started = performance.now();
    const result = load();
    const duration = performance.now() - started;
    if (!result.ok) {
      const problems = result.problems.map(
        ({ line, column, code, message }) => `${line}:${column} ${code} ${message}`,
      );
      this.#refuse(problems, isRequested, duration);
      return;
    }
    const { files } = result.source;
    this.#watch(files);
    const isUnchanged = result.config.digest === this.#inForce.digest && files.length === 0;
    if (isUnchanged && !isRequested && this.#refused === undefined) return;
    try {
      await apply(result.config);
    } catch (error) {
      this.#refuse([error instanceof Error ? error.message : String(error)], isRequested, duration);
      return;
    }
    this.#refused = undefined;
    this.#inForce = result.config;
    log('config-loaded', { file, ...stamp(this.#inForce) });
  }

  #refuse(problems: readonly string[], isRequested: boolean, duration: number): void {
    const { file, log, retryInterval = RETRY_INTERVAL_MS } = this.#options;
    if (isRequested || !isDeepStrictEqual(problems, this.#refused)) {
      log('config-refused', { file, problems, inForce: stamp(this.#inForce) });
    }
    this.#refused = problems;
    if (this.#state !== 'running') return;
    this.#retry = setTimeout(() => this.#enqueue(false), Math.max(retryInterval, duration / MAX_RETRY_SHARE));
    this.#retry.unref();
  }

  #watch(references: readonly string[]): void {
    const { file, watch } = this.#options;
    this.#stopWatching();
    if (this.#state !== 'running') return;
    this.#stopWatching = watch([file, ...references], () => this.#enqueue(false));
  }
}

const stamp = ({ version, digest }: Stamped) => ({ version, digest });
