import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asking } from '../process/ask.ts';
import { type Child, startNode } from '../process/child.ts';
import { eventually } from '../process/deadline.ts';
import type { DelayHandlers } from '../process/delay-on-request.ts';
import { freePort } from '../process/free-port.ts';
import { collector, settleOptions } from '../process/settle.ts';
import { accepts } from './accepts.ts';
import { TLS_CIPHER } from './cipher.ts';
import { AGENT, type Api, createToken, GATEWAY, initialize, sessionsOf } from './penstock-commands.ts';
import { type AgentSettings, agentFile, gatewayFile, names, TOKEN_VARIABLE } from './penstock-files.ts';
import type { Address, Places, Route, RouteProcess } from './route.ts';

/** As shipped, on loopback. */
const SESSIONS_NEARBY = 2;
/** Far away each TCP connection is bounded by its send buffer over the round trip: as many as one agent may have. */
const SESSIONS_FAR = 16;

/** A gateway and an agent as users start them, enrolled with a token of this run. */
export const penstock: Route = {
  name: 'penstock',
  describe: async () =>
    `this tree, Node ${process.versions.node}, ${TLS_CIPHER}, ${SESSIONS_NEARBY} sessions (wan: ${SESSIONS_FAR})`,
  async start(target, places, scratch) {
    const far = places.gateway.namespace !== places.agent.namespace;
    const sessions = far ? SESSIONS_FAR : SESSIONS_NEARBY;
    const { gateway, api, tunnel, ingress, pins } = await startGateway(places, scratch);
    const agent = await startAgent(places, api, { directory: scratch, tunnel, pins, sessions, target });
    return {
      name: 'penstock',
      address: ingress,
      api: { url: `http://${api.admin.host}:${api.admin.port}`, token: api.adminToken },
      processes: [processOf('gateway', gateway), processOf('agent', agent)],
      enrollment: async (uses) => ({
        gateway: { address: tunnel, pin: pins[0] ?? '' },
        token: await createToken(api, uses),
        pool: names.pool,
      }),
      async stop() {
        await agent.stop();
        await gateway.stop();
      },
    };
  },
};

async function startGateway({ gateway: place }: Places, directory: string) {
  const addresses = {
    tunnel: await unused(place.host),
    ingress: await unused(place.host),
    admin: await unused('127.0.0.1'),
  };
  const file = join(directory, 'gateway.yaml');
  await writeFile(file, gatewayFile({ directory, ...addresses }));
  const { pins, adminToken } = await initialize(file);
  const gateway = await startNode(GATEWAY, place, {
    nodeOptions: settleOptions,
    parameters: ['run', '--config', file],
  });
  await accepts(addresses.ingress, place, gateway);
  const api: Api = { place, admin: addresses.admin, adminToken };
  return { gateway, api, pins, ...addresses };
}

async function startAgent({ agent: place }: Places, api: Api, settings: Omit<AgentSettings, 'local'>) {
  const file = join(settings.directory, 'agent.yaml');
  await writeFile(file, agentFile({ ...settings, local: await unused('127.0.0.1') }));
  const agent = await startNode(AGENT, place, {
    nodeOptions: settleOptions,
    parameters: ['run', '--config', file],
    env: { ...process.env, [TOKEN_VARIABLE]: await createToken(api, 1) },
  });
  await eventually(30_000, 'Connecting the agent', async () => {
    if (agent.process.exitCode !== null) throw new Error(`The agent ended. ${agent.output()}`);
    return (await sessionsOf(api, names.agent)) === settings.sessions;
  });
  return agent;
}

/** Looked for on this host: a namespace of the rig is new and has every port free. */
async function unused(host: string): Promise<Address> {
  return { host, port: await freePort('127.0.0.1') };
}

function processOf(role: 'gateway' | 'agent', child: Child): RouteProcess {
  const ask = asking<DelayHandlers>(child, `the ${role}`);
  return {
    role,
    pids: async () => [child.pid],
    settle: collector(child),
    delay: () => ask('delay', null),
  };
}
