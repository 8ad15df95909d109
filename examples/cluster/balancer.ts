// The layer-4 load balancer in front of the replicas: haproxy where it is installed, otherwise a small one of this example.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** One port of the balancer, and the ports of the replicas behind it. */
export type Frontend = {
  readonly name: string;
  readonly port: number;
  readonly servers: readonly Backend[];
  /** Whether connections begin with a header that says where they come from. */
  readonly sendsProxyHeader?: boolean;
};

/** A replica. With `ready`, it is left out while /readyz of that port does not answer 200. */
export type Backend = { readonly port: number; readonly ready?: number };

export type Balancer = AsyncDisposable & { readonly kind: 'haproxy' | 'built-in' };

export async function startBalancer(frontends: readonly Frontend[], directory: string): Promise<Balancer> {
  return hasHaproxy() ? startHaproxy(frontends, directory) : startBuiltIn(frontends);
}

function hasHaproxy(): boolean {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A replica that refuses a connection is retried at another one at once, and left out while its checks fail. */
async function startHaproxy(frontends: readonly Frontend[], directory: string): Promise<Balancer> {
  const sections = frontends.map(({ name, port, servers, sendsProxyHeader = false }) =>
    [
      `listen ${name}`,
      `  bind 127.0.0.1:${port}`,
      '  balance leastconn',
      ...(servers.some(({ ready }) => ready !== undefined) ? ['  option httpchk GET /readyz'] : []),
      ...servers.map(
        ({ port: server, ready = server }, index) =>
          `  server r${index + 1} 127.0.0.1:${server} ${sendsProxyHeader ? 'send-proxy-v2 ' : ''}check port ${ready} inter 250ms fall 1 rise 1`,
      ),
    ].join('\n'),
  );
  const file = join(directory, 'haproxy.cfg');
  const text = `global
  maxconn 4000
defaults
  mode tcp
  timeout connect 250ms
  timeout client 1h
  timeout server 1h
  retries 3
  option redispatch 1
${sections.join('\n')}
`;
  await writeFile(file, text);
  const child: ChildProcess = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  return {
    kind: 'haproxy',
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

const CHECK_INTERVAL_MS = 500;

/** Takes the replicas in turn, those that are ready first, and the next one when one refuses. */
async function startBuiltIn(frontends: readonly Frontend[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const unready = new Set<number>();
  const check = async ({ port, ready }: Backend) => {
    if (ready === undefined) return;
    const answer = await fetch(`http://127.0.0.1:${ready}/readyz`, {
      signal: AbortSignal.timeout(1_000),
    }).catch(() => undefined);
    if (answer?.ok === true) unready.delete(port);
    else unready.add(port);
  };
  const checks = setInterval(() => {
    for (const { servers: backends } of frontends) for (const backend of backends) void check(backend);
  }, CHECK_INTERVAL_MS);
  for (const { port, servers: backends, sendsProxyHeader = false } of frontends) {
    const ports = backends.map(({ port: each }) => each);
    let turn = 0;
    const server = createServer({ allowHalfOpen: true }, (client) => {
      client.pause();
      turn += 1;
      const inTurn = ports.map((_, index) => ports[(turn + index) % ports.length] ?? 0);
      const isReady = (each: number) => !unready.has(each);
      const order = [...inTurn.filter(isReady), ...inTurn.filter((each) => !isReady(each))];
      joinFirst(client, order, sockets, sendsProxyHeader ? proxyHeaderOf(client) : '');
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  return {
    kind: 'built-in',
    async [Symbol.asyncDispose]() {
      clearInterval(checks);
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** PROXY protocol, version 1. */
const proxyHeaderOf = ({ remoteAddress, localAddress, remotePort, localPort }: Socket) =>
  `PROXY TCP4 ${remoteAddress} ${localAddress} ${remotePort} ${localPort}\r\n`;

function joinFirst(client: Socket, ports: readonly number[], sockets: Set<Socket>, header: string): void {
  const [port, ...others] = ports;
  client.on('error', () => {});
  if (port === undefined || client.destroyed) {
    client.destroy();
    return;
  }
  const server = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const refused = () => joinFirst(client, others, sockets, header);
  server.once('error', refused);
  server.once('connect', () => {
    server.off('error', refused).on('error', () => {});
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    if (header !== '') server.write(header);
    client.pipe(server);
    server.pipe(client);
  });
}
