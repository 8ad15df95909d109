import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
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
  for (const program of ['ip', 'iptables', 'flock'])
    if (!isInstalled(program)) return `${program} is not installed`;
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
/** Locked while a network is created or removed. The directory itself is locked by `ip netns add`. */
const ALONE = '/run/penstock-networks.lock';

const newId = (): string => `pt${randomBytes(3).toString('hex')}`;
const SPACE = /^(pt[0-9a-f]{6})-/;
const INTERFACE = /^(pt[0-9a-f]{6})(v\d+)?$/;

/**
 * Locks a file or directory for as long as the descriptor that this returns is open, thus until this process ends at the latest.
 * That holds among all that see the file, also in containers in which this process has another number. Undefined if somebody
 * else has locked it.
 */
function lock(path: string, ...options: readonly '--nonblock'[]): number | undefined {
  const descriptor = openSync(path, 'r');
  const { status } = spawnSync('flock', [...options, '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  if (status === 0) return descriptor;
  closeSync(descriptor);
  return undefined;
}

/** Only one process at a time creates or removes networks: a namespace is not locked as soon as it exists. */
function whileAlone<Value>(work: () => Value): Value {
  mkdirSync(NAMESPACES, { recursive: true });
  closeSync(openSync(ALONE, 'a'));
  const descriptor = lock(ALONE);
  try {
    return work();
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Removes the networks whose process was killed, with everything that still runs in them: nobody has their namespaces locked. */
function removeAbandonedNetworks(): void {
  const living = new Set<string>();
  for (const name of readdirSync(NAMESPACES)) {
    const [, id] = SPACE.exec(name) ?? [];
    if (id === undefined) continue;
    if (isLocked(join(NAMESPACES, name))) living.add(id);
    else removeNamespace(name);
  }
  for (const name of readdirSync(INTERFACES)) {
    const [, id] = INTERFACE.exec(name) ?? [];
    if (id !== undefined && !living.has(id)) attempt('link', 'del', name);
  }
}

function isLocked(path: string): boolean {
  const descriptor = lock(path, '--nonblock');
  if (descriptor !== undefined) closeSync(descriptor);
  return descriptor === undefined;
}

function removeNamespace(name: string): void {
  for (const pid of attempt('netns', 'pids', name).split(/\s+/).filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
  attempt('netns', 'del', name);
}

/** The first three numbers of addresses that no interface here has. */
function freePrefix(): string {
  const used = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  for (let attempts = 0; attempts < 1000; attempts += 1) {
    const prefix = `10.213.${randomInt(256)}`;
    if (!used.some((address) => address.startsWith(`${prefix}.`))) return prefix;
  }
  throw new Error('every network of 10.213.0.0/16 is in use');
}

/**
 * Creates the network; `own` is a private address such as 10.213.7.1, and the hosts have the next ones. It is removed when
 * this process exits, and by the next run if it was killed.
 */
export function createNetwork(names: readonly string[]): Network {
  return whileAlone(() => {
    removeAbandonedNetworks();
    return createAlone(names);
  });
}

function createAlone(names: readonly string[]): Network {
  const id = newId();
  const prefix = freePrefix();
  const own = `${prefix}.1`;
  const hosts: NetworkHost[] = [];
  const locks: number[] = [];
  const remove = () => {
    process.off('exit', remove);
    for (const { name } of hosts) attempt('netns', 'del', `${id}-${name}`);
    attempt('link', 'del', id);
    for (const descriptor of locks.splice(0)) closeSync(descriptor);
  };
  process.once('exit', remove);
  try {
    ip('link', 'add', id, 'type', 'bridge');
    ip('addr', 'add', `${own}/24`, 'dev', id);
    ip('link', 'set', id, 'up');
    for (const [index, name] of names.entries()) {
      const space = `${id}-${name}`;
      const address = `${prefix}.${index + 11}`;
      hosts.push({ name, address, run: ['ip', 'netns', 'exec', space] });
      ip('netns', 'add', space);
      const locked = lock(join(NAMESPACES, space));
      if (locked === undefined) throw new Error(`${space} cannot be locked`);
      locks.push(locked);
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
