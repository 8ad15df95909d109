import { createServer, type Server, type Socket } from 'node:net';
import { readableAddress } from '@penstock/runtime';
import { TCP_KEEPALIVE_DELAY_MS } from '@penstock/transport';
import { TunnelError } from '@penstock/wire';
import type { DataPlaneLog } from '../observe/event.ts';

/** The load balancers between agents and the tunnel port. */
export type LoadBalancers = {
  /** Whether connections from an address must begin with a PROXY header. */
  isOne(address: string): boolean;
  /**
   * Reads the header of a connection and nothing beyond it. Resolves with the address of the agent, or with undefined if the load
   * balancer connects on its own behalf. Rejects with TunnelError, or with the reason of the signal.
   */
  readAddress(socket: Socket, signal: AbortSignal): Promise<string | undefined>;
};

export type PausedListenerOptions = {
  /** Undefined: every peer connects directly. */
  readonly loadBalancers: LoadBalancers | undefined;
  /** Milliseconds for the header. */
  readonly timeout: number;
  readonly log: DataPlaneLog;
  /** Called with every connection, which the caller destroys when the port closes. */
  readonly track: (socket: Socket) => void;
  /** Takes over a connection of a peer with this address. It is paused, and nothing behind a PROXY header has been read. */
  readonly accept: (socket: Socket, address: string) => void;
};

/** Connections that have not sent their header. */
const MAX_PENDING = 1_024;

/** A port that reads nothing of its connections but their PROXY headers, from which it learns the addresses of their peers. */
export function pausedListener({
  loadBalancers,
  timeout,
  log,
  track,
  accept,
}: PausedListenerOptions): Server {
  const pending = new Set<Socket>();
  const awaitHeader = async (from: LoadBalancers, socket: Socket, address: string) => {
    pending.add(socket);
    try {
      const own = await from.readAddress(socket, AbortSignal.timeout(timeout));
      if (!socket.destroyed) accept(socket, own ?? address);
    } catch (error) {
      socket.destroy();
      // Load balancers check the port by connecting and leaving.
      if (!(error instanceof TunnelError) || error.code === 'CLIENT_GONE') return;
      log('peer-misbehaved', { address, detail: error.message });
    } finally {
      pending.delete(socket);
    }
  };
  return createServer(
    {
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_DELAY_MS,
    },
    (socket) => {
      socket.on('error', () => {});
      track(socket);
      const address = readableAddress(socket.remoteAddress ?? '');
      if (loadBalancers?.isOne(address) !== true) accept(socket, address);
      else if (pending.size >= MAX_PENDING) socket.destroy();
      else void awaitHeader(loadBalancers, socket, address);
    },
  );
}
