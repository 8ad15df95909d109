import type { ParseResult } from '@penstock/config-schema';
import { Reloader } from './reloader.ts';

/** A running program, as controlled by `run`. */
export type Service<Config> = {
  /** Applies a configuration. If it throws, the previous configuration remains in force. */
  apply(config: Config): void | Promise<void>;
  /** Stops accepting work, finishes the current work, then stops. */
  drain(): Promise<void>;
  /** Stops immediately. */
  stop(): Promise<void>;
  /** Resolves with the reason when the service cannot continue. */
  readonly failed: Promise<Error>;
  /** Resolves when a restart is requested: the service is drained, and its supervisor starts it again. */
  readonly restartRequested?: Promise<void>;
};

/** Why a service has stopped. */
export type ServiceEnd = 'signal' | 'restart';

/** The part of `process` that `run` uses. */
export type SignalSource = {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
};

/** Told how the service is doing; see `ServiceNotifier` of the package services. */
export type ServiceObserver = {
  ready(): void;
  /** It stops on its own within so many milliseconds. */
  stopping(withinMs: number): void;
  stop(): void;
};

export type ServiceOptions<Config> = {
  readonly file: string;
  readonly load: () => ParseResult<Config>;
  readonly start: (config: Config) => Promise<Service<Config>>;
  readonly log: (
    event: 'config-loaded' | 'config-refused' | 'starter-gone',
    fields: Readonly<Record<string, unknown>>,
  ) => void;
  readonly signals: SignalSource;
  readonly observer?: ServiceObserver;
  /** Milliseconds that a drain can take, as the configuration in force has it. */
  readonly drainTimeout?: () => number;
  /** Calls `onGone` when the process that started this one has ended without ending it; see `watchStarter`. */
  readonly watchStarter: (onGone: (starter: string) => void) => () => void;
};

/** Milliseconds for everything after the drain. */
const STOP_TIMEOUT_MS = 15_000;

/**
 * Runs a service with the configuration `first` until a signal stops it, and resolves with the reason. SIGTERM and SIGINT
 * drain it, and a second one stops it immediately. SIGHUP and changes of the file reload; an invalid file is logged, and
 * loaded again until it is valid. Rejects with errors of `start` and of the service.
 */
export async function runService<Config extends { readonly version: number; readonly digest: string }>(
  first: Config,
  watched: readonly string[],
  { file, load, start, log, signals, observer, drainTimeout, watchStarter }: ServiceOptions<Config>,
): Promise<ServiceEnd> {
  const { watchConfig } = await import('@penstock/config-schema');
  const service = await startedWithoutReload(start, first, signals);
  const ended = Promise.withResolvers<void>();
  let state: 'running' | 'draining' | 'stopping' = 'running';
  let reason: ServiceEnd = 'signal';
  const reloader = new Reloader({
    first,
    file,
    load,
    log,
    apply: (config) => service.apply(config),
    watch: watchConfig,
    onFailure: ended.reject,
  });

  const end = () => {
    if (state === 'stopping') return;
    reloader.stop();
    observer?.stopping((state === 'running' ? (drainTimeout?.() ?? 0) : 0) + STOP_TIMEOUT_MS);
    const stopped = state === 'running' ? service.drain() : service.stop();
    state = state === 'running' ? 'draining' : 'stopping';
    stopped.then(ended.resolve, ended.reject);
  };
  const hangUp = () => reloader.reload();
  void service.restartRequested?.then(() => {
    if (state !== 'running') return;
    reason = 'restart';
    end();
  });
  signals.on('SIGTERM', end);
  signals.on('SIGINT', end);
  signals.on('SIGHUP', hangUp);
  reloader.start(watched);
  observer?.ready();
  const stopWatchingStarter = watchStarter((starter) => {
    log('starter-gone', { starter });
    if (state === 'running') end();
  });
  try {
    await Promise.race([ended.promise, service.failed.then((error) => Promise.reject(error))]);
    return reason;
  } finally {
    observer?.stop();
    reloader.stop();
    stopWatchingStarter();
    signals.off('SIGTERM', end);
    signals.off('SIGINT', end);
    signals.off('SIGHUP', hangUp);
    await reloader.idle();
    await service.stop();
  }
}

/**
 * A reload that is requested during the start has nothing to do: the configuration has just been read. Without a listener,
 * the signal would end the process.
 */
async function startedWithoutReload<Config>(
  start: (config: Config) => Promise<Service<Config>>,
  first: Config,
  signals: SignalSource,
): Promise<Service<Config>> {
  const ignore = () => {};
  signals.on('SIGHUP', ignore);
  try {
    return await start(first);
  } finally {
    // Removed later than the listener of the running service is added.
    setImmediate(() => signals.off('SIGHUP', ignore));
  }
}
