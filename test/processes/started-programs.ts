import assert from 'node:assert/strict';
import type { ManagedProcess } from '../rig/process.ts';
import { agentFile, connection, gatewayFile, portOf, runCommand, type Site } from './programs.ts';

export type StartedPrograms = {
  readonly gateway: ManagedProcess;
  /** By name: agent-1 and agent-2. */
  readonly agents: Map<string, ManagedProcess>;
  /** The port that accepts clients of the connection `db`. */
  readonly port: number;
  /** Starts an agent again after it has exited, and waits for its sessions. */
  restart(name: string): Promise<void>;
};

/** Starts a gateway and two agents as separate processes, and waits until both agents have their sessions. */
export async function startPrograms(site: Site, target: number): Promise<StartedPrograms> {
  const file = await site.write('gateway.yaml', gatewayFile({ connections: [connection('db')] }));
  const init = await runCommand('gateway', ['init', '--config', file, '--output', 'json'], {}, site.commands);
  assert.equal(init.code, 0, init.stderr);
  const { pins, adminToken } = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  const gateway = await site.start('gateway', 'gateway.yaml');
  const admin = portOf(await gateway.json({ event: 'admin-listening' }, 30_000));
  const created = await runCommand(
    'gateway',
    ['token', 'create', '--pool', 'dc1', '--uses', '2', '--output', 'json'],
    { PENSTOCK_URL: `http://127.0.0.1:${admin}`, PENSTOCK_TOKEN: adminToken.token },
    site.commands,
  );
  assert.equal(created.code, 0, created.stderr);
  const { token } = JSON.parse(created.stdout) as { token: string };
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
      const options = { tunnelPort, pin: pins[0] ?? '', targets: { db: target } };
      await site.write(`${name}.yaml`, agentFile(options, changes));
      await start(name);
    }),
  );
  return { gateway, agents, port, restart: start };
}
