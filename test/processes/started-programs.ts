import assert from 'node:assert/strict';
import type { ManagedProcess } from '../rig/process.ts';
import { agentFile, connection, gatewayFile, portOf, runCommand, type Site } from './programs.ts';

export type StartedPrograms = {
  readonly gateway: ManagedProcess;
  /** By name: agent-1 and agent-2. */
  readonly agents: Map<string, ManagedProcess>;
  /** Where clients of the connection `db` connect to. */
  readonly port: number;
  /** Starts an agent again that has ended, and waits for its session. */
  restart(name: string): Promise<void>;
};

/** Starts a gateway and two agents, each a process of its own, and waits until both agents have their sessions. */
export async function startPrograms(site: Site, target: number): Promise<StartedPrograms> {
  const file = await site.write('gateway.yaml', gatewayFile({ connections: [connection('db')] }));
  const init = await runCommand('gateway', ['init', '--config', file, '--output', 'json']);
  assert.equal(init.code, 0, init.stderr);
  const { pins, adminToken } = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  const gateway = await site.start('gateway', 'gateway.yaml');
  const admin = portOf(await gateway.json({ event: 'admin-listening' }, 30_000));
  const made = await runCommand(
    'gateway',
    ['token', 'create', '--pool', 'dc1', '--uses', '2', '--output', 'json'],
    { PENSTOCK_URL: `http://127.0.0.1:${admin}`, PENSTOCK_TOKEN: adminToken.token },
  );
  assert.equal(made.code, 0, made.stderr);
  const { token } = JSON.parse(made.stdout) as { token: string };
  const tunnelPort = portOf(await gateway.json({ event: 'tunnel-listening' }));
  const port = portOf(await gateway.json({ event: 'ingress-listening', connection: 'db' }));
  const agents = new Map<string, ManagedProcess>();
  const start = async (name: string) => {
    const agent = await site.start('agent', `${name}.yaml`, { TOKEN: token });
    agents.set(name, agent);
    await agent.json({ event: 'session-ready', session: 1 }, 60_000);
  };
  await Promise.all(
    ['agent-1', 'agent-2'].map(async (name) => {
      const changes = { name, identity: { directory: name, enrollmentToken: '${env:TOKEN}' } };
      const facts = { tunnelPort, pin: pins[0] ?? '', targets: { db: target } };
      await site.write(`${name}.yaml`, agentFile(facts, changes));
      await start(name);
    }),
  );
  return { gateway, agents, port, restart: start };
}
