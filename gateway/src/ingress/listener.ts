import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type AddressRanges, addressRanges } from '@penstock/config-schema';
import { errorText, TunnelError } from '@penstock/wire';
import { type ClientSource, sourceOfSocket } from './client-source.ts';
import type {
  IngressBinding,
  IngressHandler,
  IngressServices,
  ListenerConfig,
  OpenListener,
} from './ingress-handler.ts';
import type { HandshakingClient } from './pending-handshakes.ts';
import { readProxyHeader } from './proxy-protocol.ts';

/**
 * Opens a port for clients, and hands those that may come in to what `handle` makes. Throws what listening throws.
 */
export async function openListener(
  listenerConfig: ListenerConfig,
  { denied, handshakes, addresses, log }: IngressServices,
  handle: (bindings: () => readonly IngressBinding[]) => IngressHandler,
): Promise<OpenListener> {
  const { listen } = listenerConfig;
  let bindings: readonly IngressBinding[] = listenerConfig.bindings;
  let isLoadBalancer = loadBalancersOf(bindings);
  const handler = handle(() => bindings);

  const refuse = (socket: Socket, source: ClientSource, error: TunnelError) => {
    const [only, ...more] = bindings;
    denied(source, error, more.length === 0 ? only?.connection.name : undefined);
    socket.resetAndDestroy();
  };

  const admit = (socket: Socket, source: ClientSource) => {
    if (!bindings.some(({ isAllowed }) => isAllowed(source.address))) {
      const what = `${source.address} is not in the allow list of this ingress.`;
      refuse(socket, source, new TunnelError('CLIENT_DENIED', what));
      return;
    }
    const give = addresses.tryTake(source.address);
    if (give === undefined) {
      const what = `${source.address} has its limits.connectionsPerAddress client connections.`;
      refuse(socket, source, new TunnelError('LIMIT_EXCEEDED', what));
      return;
    }
    handler.take({ socket, source, release: give });
  };

  /** Learns from a load balancer for whom it connects. */
  const introduce = (socket: Socket, source: ClientSource) => {
    const ask = async ({ bytes }: HandshakingClient) =>
      admit(socket, (await readProxyHeader(bytes)) ?? source);
    void handshakes.run(socket, source, ask, (error) => {
      // Load balancers look whether the port is open, and leave.
      if (error.code !== 'CLIENT_GONE') denied(source, error);
    });
  };

  const server = createServer(
    {
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
    (socket) => {
      socket.on('error', () => {});
      const source = sourceOfSocket(socket);
      // It has left before it was accepted, and nobody knows any more where it came from.
      if (source === undefined) socket.destroy();
      else if (isLoadBalancer(source.address)) introduce(socket, source);
      else admit(socket, source);
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(listen.port, listen.host, resolve);
  await promise;
  server.off('error', reject);
  // This client is lost, and the next may fare better. Of descriptors that run out Node says nothing: watchDescriptors does.
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
      // The callback would wait for the clients as well; the port is free at once.
      server.close();
      handler.close();
    },
  };
}

/** Where a header of the PROXY protocol must come from; the same for all ways of a listener. */
function loadBalancersOf([binding]: readonly IngressBinding[]): AddressRanges {
  return addressRanges(binding?.ingress.proxyProtocol?.from ?? []);
}
