import type { AgentHostOptions } from './agent-host.ts';
import { AgentHost } from './agent-host.ts';
import type { HostsReply, HostsRequest } from './host-fleet.ts';

// Forked by HostFleet: the service managers and updaters of all hosts. A process of its own, because updaters wait for what
// they start, and the gateway's clients must not.

const hosts = new Map<string, AgentHost>();
const reply = (message: HostsReply) => process.send?.(message);

function start(name: string, options: AgentHostOptions): void {
  hosts.set(name, new AgentHost(options));
}

async function stop(): Promise<void> {
  await Promise.all([...hosts.values()].map((host) => host[Symbol.asyncDispose]()));
  process.exit();
}

async function end(name: string): Promise<void> {
  await hosts.get(name)?.stop();
  await hosts.get(name)?.[Symbol.asyncDispose]();
  hosts.delete(name);
}

process.on('message', async ({ id, ...request }: HostsRequest) => {
  if (request.type === 'start') start(request.name, request.options);
  else if (request.type === 'stop') await end(request.name);
  reply({ id, versions: [...hosts].map(([name, { version }]) => [name, version ?? ''] as const) });
});
// Whoever has forked this process is gone, or does not need it any more.
process.once('disconnect', () => void stop());
