import { type Ask, asking } from '../process/ask.ts';
import { type Child, type Place, startNode } from '../process/child.ts';
import { makeCertificate } from '../routes/certificate.ts';
import type { Target } from '../routes/route.ts';
import type { ClientHandlers } from './client.ts';
import type { TargetHandlers } from './target.ts';

/** The load generator: the processes of the client and the target, and the channels to them. */
export type Load = {
  readonly client: { readonly pid: number; readonly ask: Ask<ClientHandlers> };
  readonly target: { readonly pid: number; readonly ask: Ask<TargetHandlers>; readonly address: Target };
  stop(): Promise<void>;
};

export async function startLoad(clientPlace: Place, targetPlace: Place): Promise<Load> {
  const client = await startNode(new URL('./client.ts', import.meta.url), clientPlace);
  const target = await startNode(new URL('./target.ts', import.meta.url), targetPlace);
  const askTarget = asking<TargetHandlers>(target, 'the target');
  const { host } = targetPlace;
  const { port } = await askTarget('listen', { host });
  const certificate = await makeCertificate();
  const { port: tlsPort } = await askTarget('listenTls', { host, ...certificate });
  return {
    client: { pid: client.pid, ask: asking<ClientHandlers>(client, 'the client') },
    target: {
      pid: target.pid,
      ask: askTarget,
      address: { host, port, tls: { port: tlsPort, ...certificate } },
    },
    stop: () => stopBoth(client, target),
  };
}

async function stopBoth(client: Child, target: Child): Promise<void> {
  await client.stop();
  await target.stop();
}
