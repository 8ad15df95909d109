import { asking } from '../process/ask.ts';
import { type Place, startNode } from '../process/child.ts';
import { compiled } from '../process/compiled.ts';
import { collector, settleOptions } from '../process/settle.ts';
import { makeCertificate } from './certificate.ts';
import { TLS_CIPHER } from './cipher.ts';
import type { NodeH2Handlers } from './node-h2-end.ts';
import type { Route } from './route.ts';

const END = new URL('./node-h2-end.ts', import.meta.url);

/** The smallest program with the shape of Penstock: what Node’s HTTP/2 costs before anything of ours does. */
export const nodeH2: Route = {
  name: 'node-h2',
  describe: async () =>
    `Node ${process.versions.node}, net and http2 joined with pipe, two outbound sessions for all clients, ${TLS_CIPHER}`,
  async start(target, places) {
    const pem = await makeCertificate();
    const agent = await startNodeH2End(places.agent);
    const gateway = await startNodeH2End(places.gateway);
    const { clients, tunnel } = await gateway.ask('tcpToStreams', { host: places.gateway.host, ...pem });
    const through = (await places.throughLink?.(tunnel)) ?? tunnel;
    const { certificate } = pem;
    await agent.ask('streamsToTcp', { tunnel: through, to: target, certificate });
    return {
      name: 'node-h2',
      address: clients,
      processes: [
        { role: 'gateway', pids: async () => [gateway.child.pid], settle: collector(gateway.child) },
        { role: 'agent', pids: async () => [agent.child.pid], settle: collector(agent.child) },
      ],
      async stop() {
        await agent.child.stop();
        await gateway.child.stop();
      },
    };
  },
};

/** Starts a process that becomes any end of the route. The caller must stop it. */
export async function startNodeH2End(place: Place) {
  const child = await startNode(compiled(END), place, { nodeOptions: settleOptions() });
  return { child, ask: asking<NodeH2Handlers>(child, 'a node-h2 end') };
}
