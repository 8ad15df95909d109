import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { asking } from '../process/ask.ts';
import { type Child, startNode } from '../process/child.ts';
import { eventually } from '../process/deadline.ts';
import type { DelayHandlers } from '../process/delay-on-request.ts';
import { collector, settleOptions } from '../process/settle.ts';
import { accepts } from './accepts.ts';
import { CERTIFICATE_NAME, TLS_CIPHER } from './cipher.ts';
import { type Api, createToken, initialize, sessionsOf } from './penstock-commands.ts';
import {
  type AgentSettings,
  agentFile,
  connections,
  gatewayFile,
  names,
  type OtherIngress,
  TOKEN_VARIABLE,
} from './penstock-files.ts';
import { penstockPrograms } from './penstock-programs.ts';
import type { Address, Places, Route, RouteProcess, RunningRoute } from './route.ts';

/** The default. With a long round trip, the agent adds more while clients need them. */
const SESSIONS = 2;

/** A gateway and an agent, started as in production and enrolled with a token of this run. */
export const penstock: Route = {
  name: 'penstock',
  describe: async () =>
    `this tree, Node ${process.versions.node}, ${TLS_CIPHER}, ${SESSIONS} sessions, more over distance`,
  async start(target, places, scratch) {
    const { certificate, key } = target.tls;
    const { gateway, api, tunnel, ingress, otherIngress, pins } = await startGateway(places, scratch, {
      certificate,
      key,
    });
    const through = (await places.throughLink?.(tunnel)) ?? tunnel;
    const agent = await startAgent(places, api, {
      directory: scratch,
      tunnel: through,
      pins,
      sessions: SESSIONS,
      target,
    });
    return {
      name: 'penstock',
      address: ingress,
      api: { url: `http://${api.admin.host}:${api.admin.port}`, token: api.adminToken },
      ingress: dialedBy({ ingress, otherIngress, certificate }),
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

/** Returns how a client connects to each kind of ingress. */
function dialedBy({
  ingress,
  otherIngress,
  certificate,
}: {
  ingress: Address;
  otherIngress: OtherIngress;
  certificate: string;
}): NonNullable<RunningRoute['ingress']> {
  const tls = { kind: 'tls', serverName: CERTIFICATE_NAME, certificate } as const;
  const host = `${connections.plain}.penstock`;
  return {
    tcp: ingress,
    'sni-passthrough': { ...otherIngress.passthrough, by: tls },
    'sni-terminate': { ...otherIngress.terminate, by: tls },
    socks5: { ...otherIngress.socks5, by: { kind: 'socks5', host } },
    'http-connect': { ...otherIngress.httpConnect, by: { kind: 'httpConnect', host } },
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
    otherIngress: {
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
  const gateway = await startNode((await penstockPrograms()).gateway, place, {
    nodeOptions: settleOptions(),
    parameters: ['run', '--config', file],
  });
  await accepts(addresses.ingress, place, gateway);
  await accepts(addresses.admin, place, gateway);
  const api: Api = { place, admin: addresses.admin, adminToken };
  return { gateway, api, pins, ...addresses };
}

async function startAgent({ agent: place }: Places, api: Api, settings: Omit<AgentSettings, 'local'>) {
  const file = join(settings.directory, 'agent.yaml');
  await writeFile(file, agentFile({ ...settings, local: await unused('127.0.0.1') }));
  const agent = await startNode((await penstockPrograms()).agent, place, {
    nodeOptions: settleOptions(),
    parameters: ['run', '--config', file],
    env: { ...process.env, [TOKEN_VARIABLE]: await createToken(api, 1) },
  });
  await eventually(30_000, 'Connecting the agent', async () => {
    if (agent.process.exitCode !== null) throw new Error(`The agent exited. ${agent.output()}`);
    return (await sessionsOf(api, names.agent)) === settings.sessions;
  });
  return agent;
}

/** Writes the certificate and its key to files, and returns references to them. */
async function writePair(directory: string, certificate: string, key: string) {
  const files = { certificate: join(directory, 'ingress.crt'), key: join(directory, 'ingress.key') };
  await writeFile(files.certificate, certificate);
  await writeFile(files.key, key, { mode: 0o600 });
  return { certificate: `\${file:${files.certificate}}`, key: `\${file:${files.key}}` };
}

/** Returns a port that is free on this host; in a new namespace of the rig, every port is free. */
async function unused(host: string): Promise<Address> {
  return { host, port: await unusedPort() };
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
