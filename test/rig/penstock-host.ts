import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BootedHost } from './booted-host.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Where the host has this tree. */
const TREE = '/opt/penstock-tree';

/** A booted host with both programs, as files that start them from this tree. */
export async function bootPenstockHost(diskBytes?: number): Promise<BootedHost> {
  const host = await BootedHost.boot({
    share: { [TREE]: ROOT },
    ...(diskBytes !== undefined && { diskBytes }),
  });
  for (const program of ['agent', 'gateway']) putExecutable(host, `/root/penstock-${program}`, program);
  return host;
}

/** An executable of one file, as a release has it; here a script, because it takes long to build a real one. */
export function putExecutable(host: BootedHost, path: string, program: string, prelude = ''): void {
  put(
    host,
    path,
    `#!/bin/sh\n${prelude}exec ${TREE}/node_modules/node/bin/node ${TREE}/${program}/bin/penstock-${program}.js "$@"\n`,
  );
  chmodSync(join(host.root, path), 0o755);
}

export function put(host: BootedHost, path: string, text: string): void {
  const file = join(host.root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

export const PIN = `sha256/${Buffer.alloc(32).toString('base64')}`;

/** An agent whose gateway is away. */
export const agentFile = (more = '') => `apiVersion: penstock/v1
kind: Agent
version: 1
name: dc1-a
pool: dc1
gateway:
  url: https://127.0.0.1:9
  pins: ["${PIN}"]
identity:
  directory: /var/lib/penstock-agent/identity
  enrollmentToken: \${file:/run/credentials/penstock-agent.service/enrollment-token}
connectors:
  - name: orders
    kind: tcp
    address: 127.0.0.1:5432
local: {listen: "127.0.0.1:0"}
${more}`;
