import { type ParseResult, watchConfig } from '@penstock/config-schema';

/** A running program, as `run` steers it. */
export type Service<Config> = {
  /** Puts a configuration in force. Throws when it cannot, and has then changed nothing. */
  apply(config: Config): void | Promise<void>;
  /** Finishes what is under way, then ends. */
  drain(): Promise<void>;
  /** Ends at once. */
  stop(): Promise<void>;
  /** Settles when the service cannot go on. */
  readonly failed: Promise<Error>;
  /** Settles when the service should be drained, ended and started anew by its supervisor. */
  readonly restartAsked?: Promise<void>;
};

/** Why a service has ended. */
export type ServiceEnd = 'signal' | 'restart';

/** The part of `process` that `run` needs. */
export type SignalSource = {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
};

export type ServiceOptions<Config> = {
  readonly file: string;
  readonly load: () => ParseResult<Config>;
  readonly start: (config: Config) => Promise<Service<Config>>;
  readonly log: (
    event: 'config-loaded' | 'config-refused',
    fields: Readonly<Record<string, unknown>>,
  ) => void;
  readonly signals: SignalSource;
};

/**
 * Runs a service with its configuration `first` until a signal ends it: SIGTERM and SIGINT drain, a second one stops
 * at once, SIGHUP and a change of the file reload. A file that is not valid changes nothing. Comes back with the reason
 * of the end. Throws what `start` and the service throw.
 */
export async function runService<Config extends { readonly version: number; readonly digest: string }>(
  first: Config,
  watched: readonly string[],
  { file, load, start, log, signals }: ServiceOptions<Config>,
): Promise<ServiceEnd> {
  const service = await start(first);
  const ended = Promise.withResolvers<void>();
  let inForce: Config = first;
  let reloading = Promise.resolve();
  let stopWatching = () => {};
  let life: 'running' | 'draining' | 'stopping' = 'running';
  let reason: ServiceEnd = 'signal';

  const reload = async (asked: boolean) => {
    const result = load();
    if (!result.ok) {
      const problems = result.problems.map(
        ({ line, column, code, message }) => `${line}:${column} ${code} ${message}`,
      );
      log('config-refused', { file, problems, inForce: stamp(inForce) });
      return;
    }
    watch(result.source.files);
    if (!asked && result.config.digest === inForce.digest && result.source.files.length === 0) return;
    try {
      await service.apply(result.config);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      log('config-refused', { file, problems: [detail], inForce: stamp(inForce) });
      return;
    }
    inForce = result.config;
    log('config-loaded', { file, ...stamp(inForce) });
  };
  const enqueue = (asked: boolean) => {
    reloading = reloading.then(() => (life === 'running' ? reload(asked) : undefined)).catch(ended.reject);
  };
  const watch = (references: readonly string[]) => {
    stopWatching();
    if (life !== 'running') return;
    stopWatching = watchConfig([file, ...references], () => enqueue(false));
  };

  const end = () => {
    if (life === 'stopping') return;
    stopWatching();
    const how = life === 'running' ? service.drain() : service.stop();
    life = life === 'running' ? 'draining' : 'stopping';
    how.then(ended.resolve, ended.reject);
  };
  const hangUp = () => enqueue(true);
  void service.restartAsked?.then(() => {
    if (life !== 'running') return;
    reason = 'restart';
    end();
  });
  signals.on('SIGTERM', end);
  signals.on('SIGINT', end);
  signals.on('SIGHUP', hangUp);
  watch(watched);
  try {
    await Promise.race([ended.promise, service.failed.then((error) => Promise.reject(error))]);
    return reason;
  } finally {
    stopWatching();
    signals.off('SIGTERM', end);
    signals.off('SIGINT', end);
    signals.off('SIGHUP', hangUp);
    await reloading;
    await service.stop();
  }
}

const stamp = ({ version, digest }: { version: number; digest: string }) => ({ version, digest });
