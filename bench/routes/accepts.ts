import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { resetSocket } from '@penstock/transport';
import type { Child, Place } from '../process/child.ts';
import { eventually } from '../process/deadline.ts';
import type { Address } from './route.ts';

/** Resolves when something listens at the address. Rejects with the child's last output if the child exits first. */
export async function accepts(address: Address, place: Place, child: Child): Promise<void> {
  try {
    await eventually(60_000, `Listening at ${address.host}:${address.port}`, async () => {
      if (child.process.exitCode !== null) throw new Error('It ended.');
      return place.namespace === undefined
        ? await connects(address)
        : await listens(address, place.namespace);
    });
  } catch (cause) {
    const words = `${child.process.spawnfile} does not listen at ${address.host}:${address.port}. ${child.output()}`;
    throw new Error(words, { cause });
  }
}

async function connects(address: Address): Promise<boolean> {
  const socket = connect(address);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    // A FIN would leave half a connection behind, as the target of the benchmark does not end its own half.
    resetSocket(socket);
  }
}

/** Addresses in another network namespace cannot be reached from here, so this reads the table of its sockets. */
async function listens({ port }: Address, namespace: number): Promise<boolean> {
  return listeningPorts(await readFile(`/proc/${namespace}/net/tcp`, 'utf8')).has(port);
}

/** Returns the ports of the listening sockets, from the text of /proc/PID/net/tcp (proc_pid_net(5)). */
export function listeningPorts(table: string): Set<number> {
  const ports = new Set<number>();
  for (const line of table.split('\n')) {
    const match = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A /.exec(line);
    if (match?.[1] !== undefined) ports.add(Number.parseInt(match[1], 16));
  }
  return ports;
}
