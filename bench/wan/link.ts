import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Distance } from '../cells/wan.ts';
import { type Place, startProgram } from '../process/child.ts';
import { eventually } from '../process/deadline.ts';

/** Two places separated by a round-trip delay. */
export type Link = {
  readonly gateway: Place;
  readonly agent: Place;
  stop(): Promise<void>;
};

/** The default rig. */
const TOOLS = ['cc', 'unshare', 'nsenter', 'ip'];

/** Addresses of the two sides of a rig. */
const GATEWAY_HOST = '10.9.0.1';
const AGENT_HOST = '10.9.0.2';

export const ownRig = fileURLToPath(new URL('./link.sh', import.meta.url));

/** Returns why network namespaces cannot be created here, or undefined if they can. */
export async function whyNoLink(path: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces require Linux';
  if (process.geteuid?.() !== 0) return 'network namespaces require root';
  for (const tool of TOOLS) {
    if (!(await isInstalled(tool, path))) return `${tool} is not installed`;
  }
  return undefined;
}

async function isInstalled(tool: string, path: string): Promise<boolean> {
  for (const directory of path.split(delimiter)) {
    try {
      await access(join(directory, tool), constants.X_OK);
      return true;
    } catch {}
  }
  return false;
}

/** Starts a rig (see link.sh). `stop` removes it. */
export async function startLink(rig: string, { roundTrip, loss }: Distance): Promise<Link> {
  const oneWay = String((roundTrip * 1000) / 2);
  const lostPerMillion = String(loss * 10_000);
  // The command prints the processes of the namespaces and then runs until its input ends.
  const command = ['sh', '-c', 'echo "namespaces $GW $AG"; exec cat'];
  const here: Place = { host: '127.0.0.1', namespace: undefined };
  const child = await startProgram(rig, [oneWay, lostPerMillion, ...command], here, { stdio: 'pipe' });
  const said = () => /^namespaces (\d+) (\d+)$/m.exec(child.output());
  try {
    await eventually(20_000, `The rig ${rig}`, () => {
      if (child.process.exitCode !== null) throw new Error(`The rig ${rig} exited.`);
      return said() !== null;
    });
  } catch (cause) {
    await child.stop();
    throw new Error(`The rig ${rig} did not start. ${child.output()}`, { cause });
  }
  const [, gateway, agent] = said() ?? [];
  return {
    gateway: { host: GATEWAY_HOST, namespace: Number(gateway) },
    agent: { host: AGENT_HOST, namespace: Number(agent) },
    stop: child.stop,
  };
}
