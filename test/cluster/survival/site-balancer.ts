import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../rig/eventually.ts';
import { launchOnUnusedPort, ServerEnded } from '../../rig/launch-on-unused-port.ts';
import { ManagedProcess } from '../../rig/process.ts';
import { unusedPort } from '../../rig/unused-port.ts';
import { haproxyFile } from './files.ts';

/** A haproxy in front of replicas. The ports are for agents and for clients. */
export type SiteBalancer = AsyncDisposable & { readonly agents: number; readonly clients: number };

/** Starts it in front of the replicas at these addresses. */
export async function startSiteBalancer(
  directory: string,
  addresses: readonly string[],
): Promise<SiteBalancer> {
  const file = join(directory, 'haproxy.cfg');
  let clients = 0;
  const { server, port } = await launchOnUnusedPort(async (agents) => {
    clients = await unusedPort();
    await writeFile(file, haproxyFile(agents, clients, addresses));
    const haproxy = await ManagedProcess.start({ command: 'haproxy', args: ['-db', '-f', file] });
    const isListening = async () => {
      if (!haproxy.running) throw new ServerEnded('haproxy', haproxy.output);
      const answer = await fetch(`http://127.0.0.1:${agents}/`).catch((error: Error) => error);
      return !(answer instanceof Error) || !/ECONNREFUSED/.test(String(answer.cause));
    };
    await eventually('haproxy to listen', isListening, { within: 30_000 });
    return haproxy;
  });
  return { agents: port, clients, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
