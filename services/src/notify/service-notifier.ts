import { spawn } from 'node:child_process';
import { sendDatagram } from './send-datagram.ts';

/** Tells the service manager of the host how this process is doing. Does nothing where there is none. */
export type ServiceNotifier = {
  /** The configuration is loaded and the program works, whether or not its peers answer. */
  ready(): void;
  /** The program stops, and takes at most so many milliseconds. */
  stopping(withinMs: number): void;
  /** Ends the pings of the watchdog. */
  stop(): void;
};

export type NotifierOptions = {
  /** Of this process: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_notify(3), sd_watchdog_enabled(3)). */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pid?: number;
  /** Sends to NOTIFY_SOCKET and returns whether it worked; by the C library if omitted. */
  readonly send?: (path: string, text: string) => boolean;
  /** Runs systemd-notify, where `send` does not work. The unit then needs NotifyAccess=all. */
  readonly runFallback?: (variables: readonly string[]) => void;
};

/** The shortest watchdog that is honored, in milliseconds: a shorter one would be all that the program does. */
const MIN_WATCHDOG_MS = 100;

/**
 * Notifications of systemd. The pings of the watchdog start with `ready` and belong to the event loop: when it is blocked
 * for WatchdogSec, they stop, and systemd restarts the program.
 */
export function serviceNotifier({
  environment,
  pid = process.pid,
  send = sendDatagram,
  runFallback = runSystemdNotify,
}: NotifierOptions): ServiceNotifier {
  const { NOTIFY_SOCKET: socket } = environment;
  let watchdog: NodeJS.Timeout | undefined;
  const notify = (variables: readonly string[]) => {
    if (socket === undefined || socket === '') return;
    if (!send(socket, variables.join('\n'))) runFallback(variables);
  };
  return {
    ready() {
      notify(['READY=1']);
      const timeout = watchdogTimeout(environment, pid);
      // A third, so that a ping that is lost or late does not restart the program.
      if (timeout !== undefined && watchdog === undefined)
        watchdog = setInterval(() => notify(['WATCHDOG=1']), timeout / 3);
      watchdog?.unref();
    },
    stopping(withinMs) {
      notify(['STOPPING=1', `EXTEND_TIMEOUT_USEC=${Math.ceil(withinMs * 1_000)}`]);
    },
    stop() {
      clearInterval(watchdog);
    },
  };
}

/** Milliseconds after which systemd misses a ping; undefined when it expects none of this process. */
function watchdogTimeout(environment: NotifierOptions['environment'], pid: number): number | undefined {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: watched } = environment;
  if (microseconds === undefined || !/^[0-9]{1,15}$/.test(microseconds)) return undefined;
  if (watched !== undefined && watched !== String(pid)) return undefined;
  return Math.max(MIN_WATCHDOG_MS, Number(microseconds) / 1_000);
}

function runSystemdNotify(variables: readonly string[]): void {
  const child = spawn('systemd-notify', [...variables], { stdio: 'ignore' });
  // Without the program, systemd learns nothing, and its timeouts end the service.
  child.on('error', () => {});
  child.unref();
}
