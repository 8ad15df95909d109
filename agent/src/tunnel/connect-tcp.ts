import { connect, isIP, type Socket } from 'node:net';
import { type HostAddress, hostLookup, NameCache, orAborted } from '@penstock/runtime';
import { raceConnect, TCP_KEEPALIVE_DELAY_MS } from '@penstock/transport';

const MAX_NAMES = 16;

/** The names of the gateway and its proxy. The last answer serves while name servers do not answer. */
const names = new NameCache({ ttl: 0, size: MAX_NAMES, lookup: hostLookup });

/**
 * Connects to the gateway or its proxy. Throws an error of the system, or the signal's reason. The caller owns the socket.
 */
export async function connectTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const connectTo = (address: string) => ({
    socket: connect({
      host: address,
      port,
      // Set now, because both throw on a socket that an HTTP/2 session uses.
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_DELAY_MS,
    }),
  });
  const addresses = await addressesOf(host, signal);
  try {
    const { socket } = await raceConnect(addresses, connectTo, { signal });
    return socket.on('error', () => {});
  } catch (error) {
    names.failed(host);
    throw error;
  }
}

async function addressesOf(host: string, signal: AbortSignal): Promise<readonly HostAddress[]> {
  const family = isIP(host);
  return family === 0 ? orAborted(names.resolve(host), signal) : [{ address: host, family }];
}
