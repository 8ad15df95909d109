import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { RunCommand } from '@penstock/services';
import { dieWithUs } from '../../rig/children.ts';
import { NotifySocket } from './notify-socket.ts';

export type ServiceOptions = {
  /** Executable and arguments. The executable may be below a link, which is followed at each start. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly log: string;
  readonly watchdog: number;
};

type Process = {
  readonly invocation: string;
  readonly ended: Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly pid: number;
  beat: number;
  state: 'starting' | 'active' | 'stopping';
  /** Whether it was stopped, rather than ending by itself. */
  isStopped: boolean;
};

type CommandResult = ReturnType<RunCommand>;

const RESTART_MS = 1_000;
const STOP_TIMEOUT_MS = 60_000;
const TICK_MS = 50;

/**
 * Stands for systemd on a simulated host with one service: Type=notify, Restart=always, WatchdogSec. It answers the words of
 * systemctl and systemd-run that the updater uses, as those programs do.
 */
export class ServiceManager implements AsyncDisposable {
  readonly #options: ServiceOptions;
  readonly #socketName = `@penstock-host-${randomUUID()}`;
  readonly #socket: NotifySocket;
  readonly #ticks: NodeJS.Timeout;
  #process: Process | undefined;
  #restartAt: number | undefined;
  #result = 'success';
  #invocation = '';
  #isStopped = false;
  #changes: Promise<void> = Promise.resolve();

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#socket = new NotifySocket(this.#socketName);
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Process of the service; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    if (this.#process !== undefined) return;
    this.#restartAt = undefined;
    const { argv, environment, log, watchdog } = this.#options;
    const [executable = '', ...words] = argv;
    const invocation = randomUUID().replaceAll('-', '');
    const output = createWriteStream(log, { flags: 'a' });
    const child = spawn(executable, words, {
      env: {
        ...environment,
        NOTIFY_SOCKET: this.#socketName,
        WATCHDOG_USEC: String(watchdog * 1_000),
        INVOCATION_ID: invocation,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    dieWithUs(child);
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('error', () => resolve());
    child.once('close', () => resolve());
    const running: Process = {
      invocation,
      ended: promise.then(() => output.end()).then(() => this.#ended(running)),
      kill: (signal) => void child.kill(signal),
      pid: child.pid ?? 0,
      beat: performance.now(),
      state: 'starting',
      isStopped: false,
    };
    this.#invocation = invocation;
    this.#process = running;
  }

  /** `systemctl restart --no-block`. */
  restart(): void {
    this.#changes = this.#changes.then(async () => {
      await this.stop();
      if (!this.#isStopped) this.start();
    });
  }

  /** `systemctl stop`. */
  async stop(): Promise<void> {
    this.#restartAt = undefined;
    const running = this.#process;
    if (running === undefined) return;
    running.state = 'stopping';
    running.isStopped = true;
    running.kill('SIGTERM');
    const timer = setTimeout(() => running.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await running.ended;
    clearTimeout(timer);
  }

  /** Answers a command line of the updater. */
  readonly run: RunCommand = ([program, ...words]) => {
    if (program === 'systemctl') return this.#systemctl(words);
    if (program === 'systemd-run') return this.#transient(words.slice(words.indexOf('--') + 1));
    return failed(`${program} is not installed.`);
  };

  #systemctl([verb]: readonly string[]): CommandResult {
    if (verb === 'restart') this.restart();
    else if (verb === 'reset-failed') this.#result = 'success';
    else if (verb !== 'show') return failed(`Unknown command verb ${verb}.`);
    return { status: 0, stdout: verb === 'show' ? this.#shown : '', stderr: '' };
  }

  #transient([executable = '', ...words]: readonly string[]): CommandResult {
    const { environment } = this.#options;
    const { status, stdout, stderr, error } = spawnSync(executable, words, {
      encoding: 'utf8',
      env: environment,
    });
    return { status: status ?? undefined, stdout, stderr: error === undefined ? stderr : String(error) };
  }

  get #shown(): string {
    const [active, sub] = ((): readonly [string, string] => {
      if (this.#restartAt !== undefined) return ['activating', 'auto-restart'];
      switch (this.#process?.state) {
        case 'active':
          return ['active', 'running'];
        case 'starting':
          return ['activating', 'start'];
        case 'stopping':
          return ['deactivating', 'stop-sigterm'];
        default:
          return ['inactive', 'dead'];
      }
    })();
    return [
      'LoadState=loaded',
      `ActiveState=${active}`,
      `SubState=${sub}`,
      `Result=${this.#result}`,
      `MainPID=${this.pid ?? 0}`,
      `InvocationID=${this.#invocation}`,
      '',
    ].join('\n');
  }

  #hear(): void {
    const running = this.#process;
    for (const variables of this.#socket.receive()) {
      if (running === undefined) continue;
      running.beat = performance.now();
      if (variables.includes('READY=1') && running.state === 'starting') running.state = 'active';
      if (variables.includes('STOPPING=1')) running.state = 'stopping';
    }
  }

  #tick(): void {
    // First what has been said: this process may have been busy for longer than the watchdog permits.
    this.#hear();
    const running = this.#process;
    if (this.#restartAt !== undefined && performance.now() >= this.#restartAt) this.start();
    if (running?.state !== 'active' || performance.now() - running.beat < this.#options.watchdog) return;
    this.#result = 'watchdog';
    running.kill('SIGABRT');
  }

  #ended(running: Process): void {
    if (this.#process !== running) return;
    // Its last messages, which the next process must not be taken for the sender of.
    this.#hear();
    this.#process = undefined;
    // What nobody has stopped is started again.
    if (running.isStopped || this.#isStopped) return;
    if (this.#result === 'success') this.#result = 'exit-code';
    this.#restartAt = performance.now() + RESTART_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#process?.kill('SIGKILL');
    await this.#process?.ended;
    await this.#changes;
    clearInterval(this.#ticks);
    this.#socket[Symbol.dispose]();
  }
}

const failed = (stderr: string): CommandResult => ({ status: 1, stdout: '', stderr });
