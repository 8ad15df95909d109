import { asking } from '../process/ask.ts';
import { type Child, type Place, startNode } from '../process/child.ts';
import { compiled } from '../process/compiled.ts';
import { collector, settleOptions } from '../process/settle.ts';
import { makeCertificate } from './certificate.ts';
import { TLS_CIPHER } from './cipher.ts';
import type { NodeTlsHandlers } from './node-tls-end.ts';
import type { Route, RouteProcess } from './route.ts';

const END = new URL('./node-tls-end.ts', import.meta.url);

/**
 * Two Node processes with `stream.pipe` and one TLS connection per client: the baseline of the runtime, without HTTP/2.
 */
export const nodeTls: Route = {
  name: 'node-tls',
  describe: async () => `Node ${process.versions.node}, net and tls joined with pipe, ${TLS_CIPHER}`,
  async start(target, places) {
    const pem = await makeCertificate();
    const agent = await startEnd(places.agent);
    const gateway = await startEnd(places.gateway);
    const to = await agent.ask('tlsToTcp', { host: places.agent.host, to: target, ...pem });
    const { certificate } = pem;
    const through = (await places.throughLink?.(to)) ?? to;
    const address = await gateway.ask('tcpToTls', { host: places.gateway.host, to: through, certificate });
    return {
      name: 'node-tls',
      address,
      processes: [processOf('gateway', gateway.child), processOf('agent', agent.child)],
      async stop() {
        await gateway.child.stop();
        await agent.child.stop();
      },
    };
  },
};

async function startEnd(place: Place) {
  const child = await startNode(compiled(END), place, { nodeOptions: settleOptions() });
  return { child, ask: asking<NodeTlsHandlers>(child, 'a node-tls end') };
}

function processOf(role: 'gateway' | 'agent', child: Child): RouteProcess {
  return { role, pids: async () => [child.pid], settle: collector(child) };
}
