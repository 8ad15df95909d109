import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asking } from '../process/ask.ts';
import { type Child, startNode } from '../process/child.ts';
import { eventually } from '../process/deadline.ts';
import type { DelayHandlers } from '../process/delay-on-request.ts';
import { freePort } from '../process/free-port.ts';
import { collector, settleOptions } from '../process/settle.ts';
import { accepts } from './accepts.ts';
import { CERTIFICATE_NAME, TLS_CIPHER } from './cipher.ts';
import { AGENT, type Api, createToken, GATEWAY, initialize, sessionsOf } from './penstock-commands.ts';
import {
  type AgentSettings,
  agentFile,
  connections,
  gatewayFile,
  names,
  TOKEN_VARIABLE,
  type WayAddresses,
} from './penstock-files.ts';
import type { Address, Places, Route, RouteProcess, RunningRoute } from './route.ts';

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
    const { certificate, key } = target.tls;
    const { gateway, api, tunnel, ingress, ways, pins } = await startGateway(places, scratch, {
      certificate,
      key,
    });
    const agent = await startAgent(places, api, { directory: scratch, tunnel, pins, sessions, target });
    return {
      name: 'penstock',
      address: ingress,
      api: { url: `http://${api.admin.host}:${api.admin.port}`, token: api.adminToken },
      ways: dialedBy({ ingress, ways, certificate }),
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

/** How a client takes each way in. */
function dialedBy({
  ingress,
  ways,
  certificate,
}: {
  ingress: Address;
  ways: WayAddresses;
  certificate: string;
}): NonNullable<RunningRoute['ways']> {
  const tls = { kind: 'tls', serverName: CERTIFICATE_NAME, certificate } as const;
  const host = `${connections.plain}.penstock`;
  return {
    tcp: ingress,
    'sni-passthrough': { ...ways.passthrough, by: tls },
    'sni-terminate': { ...ways.terminate, by: tls },
    socks5: { ...ways.socks5, by: { kind: 'socks5', host } },
    'http-connect': { ...ways.httpConnect, by: { kind: 'httpConnect', host } },
  };
}

async function startGateway(
  { gateway: place }: Places,
  directory: string,
  { certificate, key }: { certificate: string; key: string },
) {
  const addresses = {
    tunnel: await unused(place.host),
    ingress: await unused(place.host),
    admin: await unused('127.0.0.1'),
    ways: {
      passthrough: await unused(place.host),
      terminate: await unused(place.host),
      socks5: await unused(place.host),
      httpConnect: await unused(place.host),
    },
  };
  const tls = await writePair(directory, certificate, key);
  const file = join(directory, 'gateway.yaml');
  await writeFile(file, gatewayFile({ directory, ...addresses, certificate: tls }));
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

/** The certificate and its key as files, and the references to them. */
async function writePair(directory: string, certificate: string, key: string) {
  const files = { certificate: join(directory, 'ingress.crt'), key: join(directory, 'ingress.key') };
  await writeFile(files.certificate, certificate);
  await writeFile(files.key, key, { mode: 0o600 });
  return { certificate: `\${file:${files.certificate}}`, key: `\${file:${files.key}}` };
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
