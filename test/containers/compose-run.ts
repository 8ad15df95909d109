import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort } from '@penstock/config-schema';
import { eventually } from '../rig/eventually.ts';
import type { ManagedProcess } from '../rig/process.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { type ComposeFile, readComposeFile } from './compose-file.ts';
import { Container } from './container.ts';
import type { Image } from './image.ts';

const PROGRAMS = ['gateway', 'agent-a', 'agent-b'] as const;
const CONTAINER_PATH = /\/(?:opt|etc|var\/lib)\/penstock[\w./-]*/g;

export type ComposeOptions = {
  /** The folder of compose.yaml. */
  readonly root: string;
  /** For volumes and files. */
  readonly folder: string;
  readonly images: ReadonlyMap<string, Image>;
  readonly node: string;
  /** Replaces the service `postgres`. */
  readonly database: HostPort;
};

export type ComposeRun = AsyncDisposable & {
  /** The address for clients. */
  readonly ingress: HostPort;
  /** Stops every program as an engine does, and returns the exit codes. */
  stop(): Promise<Record<string, number | null>>;
};

/**
 * Starts compose.yaml without an engine: its services run in order, with their own images, scripts, files and accounts.
 * Host names and fixed ports are replaced by free loopback ports, and container paths by folders of this machine.
 */
export async function startCompose(options: ComposeOptions): Promise<ComposeRun> {
  const file = await readComposeFile(options.root);
  const ports = await freePorts();
  const containerOf = (service: string) => makeContainer(service, file, ports, options);

  await runJob(await containerOf('setup'), file.services['setup']?.entrypoint);
  await using stack = new AsyncDisposableStack();
  const programs = new Map<string, ManagedProcess>();
  for (const name of PROGRAMS) {
    if (name === 'agent-a') {
      await runJob(await containerOf('enrollment'), file.services['enrollment']?.entrypoint);
    }
    const container = await containerOf(name);
    const { entrypoint, command, healthCheck } = container.image;
    const program = stack.use(await container.start([...entrypoint, ...command]));
    programs.set(name, program);
    const isHealthy = async () => (await container.run(healthCheck)).code === 0;
    await eventually(`${name} to be healthy`, async () => !program.running || (await isHealthy()), {
      within: 30_000,
      state: () => program.output,
    });
    if (!program.running) throw new Error(`${name} exited at its start:\n${program.output}`);
  }
  const running = stack.move();
  return {
    ingress: { host: '127.0.0.1', port: ports.ingress },
    async stop() {
      const codes: Record<string, number | null> = {};
      for (const [name, program] of programs) codes[name] = (await program.stop('SIGTERM', 30_000)).code;
      return codes;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function runJob(container: Container, words: readonly string[] = []): Promise<void> {
  const { code, output } = await container.run(words);
  if (code !== 0) throw new Error(`${words.join(' ')} exited with ${code}:\n${output}`);
}

type Ports = { readonly tunnel: number; readonly admin: number; readonly ingress: number };

async function freePorts(): Promise<Ports> {
  return { tunnel: await unusedPort(), admin: await unusedPort(), ingress: await unusedPort() };
}

async function makeContainer(
  name: string,
  file: ComposeFile,
  ports: Ports,
  { root, folder, images, node, database }: ComposeOptions,
): Promise<Container> {
  const service = file.services[name];
  const image = images.get(service?.image ?? '');
  if (service === undefined || image === undefined) throw new Error(`There is no image for ${name}.`);
  const mounts = new Map<string, string>();
  for (const volume of service.volumes ?? []) {
    const [source = '', path = ''] = volume.split(':');
    const isFolder = source.startsWith('.');
    const place = isFolder ? join(folder, 'files', name) : join(folder, 'volumes', source);
    mounts.set(path, place);
    await mkdir(place, { recursive: true });
    if (isFolder) continue;
    // An engine copies mode and owner from the folder of the image when it creates a volume.
    await chmod(place, 0o700);
    if (process.getuid?.() === 0) await chown(place, image.account.uid, image.account.gid);
  }
  const container = new Container({
    image,
    node,
    mounts,
    env: { HOSTNAME: service.hostname ?? name, PENSTOCK_URL: `http://127.0.0.1:${ports.admin}` },
  });
  const localPort = await unusedPort();
  const translate = (text: string) =>
    text
      .replace(CONTAINER_PATH, (path) => container.place(path))
      .replaceAll('gateway:8443', `127.0.0.1:${ports.tunnel}`)
      .replaceAll('postgres:5432', `${database.host}:${database.port}`)
      .replaceAll('0.0.0.0:8443', `127.0.0.1:${ports.tunnel}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.admin}`)
      .replaceAll('0.0.0.0:15432', `127.0.0.1:${ports.ingress}`)
      // Each container has its own loopback interface. Here they share one.
      .replace(/^kind: Agent$/m, `kind: Agent\nlocal: {listen: "127.0.0.1:${localPort}"}`);
  const files = join(root, 'examples/compose');
  for (const entry of await readdir(files)) {
    const text = translate(await readFile(join(files, entry), 'utf8'));
    await writeFile(join(folder, 'files', name, entry), text);
  }
  return container;
}
