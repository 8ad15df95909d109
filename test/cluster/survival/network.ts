import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { isInstalled } from '../../rig/optional.ts';

/** A host of the network: its own interfaces, ports, and packet filter. */
export type NetworkHost = {
  readonly name: string;
  readonly address: string;
  /** Arguments that run a program on it; the process is that program itself, so signals reach it. */
  readonly run: readonly string[];
};

/** What is discarded: packets that arrive from, or leave to, an address. `port` is that of the end that accepts. */
export type Cut = {
  readonly host: NetworkHost;
  readonly direction: 'in' | 'out';
  readonly peer: string;
  readonly port: number;
  /** Whether the host accepts on `port`, or the peer. */
  readonly accepts: 'host' | 'peer';
};

/** Hosts with a bridge between them, which this machine is on too. Partitions are packets that get lost. */
export type Network = AsyncDisposable & {
  /** The address of this machine. */
  readonly own: string;
  readonly hosts: readonly NetworkHost[];
  cut(cuts: readonly Cut[]): void;
  /** Removes all cuts. */
  mend(): void;
};

/** Why this machine cannot have network namespaces; undefined if it can. */
export function whyNoNetwork(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const program of ['ip', 'iptables']) if (!isInstalled(program)) return `${program} is not installed`;
  try {
    ip('netns', 'add', `pk${process.pid}x`);
    ip('netns', 'del', `pk${process.pid}x`);
    return undefined;
  } catch (error) {
    return `this machine allows no network namespaces: ${String(error).split('\n')[0]}`;
  }
}

/** Where `ip netns` has the names of namespaces, and the kernel those of interfaces. */
const NAMESPACES = '/run/netns';
const INTERFACES = '/sys/class/net';

/** Removes the networks of processes that were killed, with everything that still runs in them. */
export function removeAbandonedNetworks(): void {
  const isAbandoned = (name: string) => {
    const [, pid] = /^pk(\d+)\D?/.exec(name) ?? [];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  for (const name of existsSync(NAMESPACES) ? readdirSync(NAMESPACES).filter(isAbandoned) : []) {
    for (const pid of attempt('netns', 'pids', name).split(/\s+/).filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    attempt('netns', 'del', name);
  }
  for (const name of readdirSync(INTERFACES).filter(isAbandoned)) attempt('link', 'del', name);
}

/**
 * Creates the network; `own` is a private address such as 10.213.7.1, and the hosts have the next ones. It is removed when
 * this process exits, and by the next run if it was killed.
 */
export function createNetwork(names: readonly string[]): Network {
  removeAbandonedNetworks();
  const id = `pk${process.pid}`;
  const prefix = `10.213.${process.pid % 250}`;
  const own = `${prefix}.1`;
  const hosts: NetworkHost[] = [];
  const remove = () => {
    process.off('exit', remove);
    for (const { name } of hosts) attempt('netns', 'del', `${id}${name}`);
    attempt('link', 'del', id);
  };
  process.once('exit', remove);
  try {
    ip('link', 'add', id, 'type', 'bridge');
    ip('addr', 'add', `${own}/24`, 'dev', id);
    ip('link', 'set', id, 'up');
    for (const [index, name] of names.entries()) {
      const space = `${id}${name}`;
      const address = `${prefix}.${index + 11}`;
      hosts.push({ name, address, run: ['ip', 'netns', 'exec', space] });
      ip('netns', 'add', space);
      ip('link', 'add', `${id}v${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      ip('link', 'set', `${id}v${index}`, 'master', id, 'up');
      ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', space, 'link', 'set', 'eth0', 'up');
      ip('-n', space, 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    own,
    hosts,
    cut(cuts) {
      for (const { host, direction, peer, port, accepts } of cuts) {
        const isOut = direction === 'out';
        // The accepting end's port is the destination of what goes to it, and the source of what comes from it.
        const side = isOut === (accepts === 'peer') ? '--dport' : '--sport';
        const [program = '', ...before] = host.run;
        execFileSync(program, [
          ...before,
          ...['iptables', '-A', isOut ? 'OUTPUT' : 'INPUT', '-p', 'tcp'],
          ...[isOut ? '-d' : '-s', peer, side, String(port), '-j', 'DROP'],
        ]);
      }
    },
    mend() {
      for (const {
        run: [program = '', ...before],
      } of hosts) {
        execFileSync(program, [...before, 'iptables', '-F']);
      }
    },
    async [Symbol.asyncDispose]() {
      remove();
    },
  };
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Returns what it printed: nothing if it failed, as for what was never created. */
function attempt(...words: readonly string[]): string {
  try {
    return execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
