import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type AddressRanges, addressRanges } from '@penstock/config-schema';
import { resetSocket, TCP_KEEPALIVE_DELAY_MS } from '@penstock/transport';
import { errorText, TunnelError } from '@penstock/wire';
import { notAllowed } from '../access/allow-list.ts';
import { type ClientSource, sourceOfSocket } from './client-source.ts';
import type { IngressHandler, IngressServices } from './ingress-handler.ts';
import type { IngressBinding, ListenerConfig } from './listener-config.ts';
import type { HandshakingClient } from './pending-handshakes.ts';
import { readProxyHeader } from './proxy-protocol.ts';

export type OpenListener = {
  readonly address: AddressInfo;
  /** Applies changed bindings, which must be of the same kind, to clients that connect from now on. */
  apply(bindings: readonly IngressBinding[]): void;
  /** Stops accepting clients. Clients that are being served are not affected. */
  close(): void;
};

/** Opens a port for clients and passes the admitted ones to the handler. Throws what listening throws. */
export async function openListener(
  { listen, bindings: first }: ListenerConfig,
  { denied, handshakes, addresses, log }: IngressServices,
  createHandler: (bindings: () => readonly IngressBinding[]) => IngressHandler,
): Promise<OpenListener> {
  let bindings: readonly IngressBinding[] = first;
  let isLoadBalancer = loadBalancersOf(bindings);
  const handler = createHandler(() => bindings);

  const refuse = (socket: Socket, source: ClientSource, error: TunnelError) => {
    const [only, ...more] = bindings;
    denied(source, error, more.length === 0 ? only?.connection.name : undefined);
    if (handler.refuse === undefined) resetSocket(socket);
    else handler.refuse({ socket, source }, error);
  };

  const isAllowed = ({ address }: ClientSource) =>
    bindings.some(({ allowList }) => allowList.admits(address));

  const admit = (socket: Socket, source: ClientSource) => {
    if (!isAllowed(source)) {
      refuse(socket, source, notAllowed(source.address));
      return;
    }
    const release = addresses.tryTake(source.address);
    if (release === undefined) {
      const detail = `${source.address} has reached limits.connectionsPerAddress.`;
      refuse(socket, source, new TunnelError('LIMIT_EXCEEDED', detail));
      return;
    }
    handler.handle({ socket, source, release });
  };

  /** Reads the client's own address from the PROXY header of its load balancer. */
  const admitFromHeader = (socket: Socket, source: ClientSource) => {
    const handshake = async ({ reader, signal }: HandshakingClient) => {
      const header = await readProxyHeader(reader);
      const isCheck = header.is === 'local' || (header.is === 'unknown' && !isAllowed(source));
      if (header.is === 'client') admit(socket, header.source);
      else if (isCheck) await endHealthCheck(socket, signal);
      else admit(socket, source);
    };
    void handshakes.run(socket, source, handshake, (error) => {
      // Load balancers check the port by connecting and disconnecting.
      if (error.code !== 'CLIENT_GONE') denied(source, error);
    });
  };

  const server = createServer(
    {
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_DELAY_MS,
    },
    (socket) => {
      socket.on('error', () => {});
      const source = sourceOfSocket(socket);
      if (source === undefined) socket.destroy();
      else if (isLoadBalancer(source.address)) admitFromHeader(socket, source);
      else admit(socket, source);
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(listen.port, listen.host, resolve);
  await promise;
  server.off('error', reject);
  // Only this client is lost. Node does not report exhausted file descriptors here: watchDescriptors does.
  server.on('error', (error) =>
    log('accept-failed', { connection: bindings[0]?.connection.name, detail: errorText(error) }),
  );
  return {
    address: server.address() as AddressInfo,
    apply(changed) {
      bindings = changed;
      isLoadBalancer = loadBalancersOf(changed);
    },
    close() {
      // The port is closed immediately. A callback would be called only when all clients are closed as well.
      server.close();
      handler.close();
    },
  };
}

/**
 * Closes a connection that a load balancer opened on its own behalf. Nothing is dialed for it: some servers count
 * clients that leave at once, and block the host of the agent (MySQL, max_connect_errors).
 */
async function endHealthCheck(socket: Socket, signal: AbortSignal): Promise<void> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.once('close', resolve);
  const onAbort = () => void socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  socket.end();
  socket.resume();
  if (!socket.destroyed) await closed;
  signal.removeEventListener('abort', onAbort);
}

/** The addresses that must send a PROXY header. All bindings of a listener have the same `proxyProtocol`. */
function loadBalancersOf([binding]: readonly IngressBinding[]): AddressRanges {
  return addressRanges(binding?.ingress.proxyProtocol?.from ?? []);
}
