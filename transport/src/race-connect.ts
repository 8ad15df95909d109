import type { Socket } from 'node:net';
import { resetSocket } from './reset-socket.ts';

/** Delay before the next address is tried beside those that have not answered (RFC 8305 section 5). */
const NEXT_ADDRESS_DELAY_MS = 250;
/** Bounds the sockets of one dial. Further addresses are tried as earlier ones fail. */
const MAX_PARALLEL_ATTEMPTS = 16;

export type ResolvedAddress = { readonly address: string; readonly family: number };

/** One attempt to connect. It may carry more than the socket. */
export type ConnectAttempt = { readonly socket: Socket };

export type RaceOptions = {
  readonly signal: AbortSignal;
  /** Called with the error of each failed attempt, also of a race that `signal` ends later. */
  readonly onFailed?: (error: Error) => void;
};

/**
 * Connects to the first of `addresses` that answers, as RFC 8305 describes: families alternate, a new attempt starts every 250
 * ms or as soon as one fails, and earlier attempts stay open until one connects, because its first packets may have been lost.
 * The others are closed. `connectTo` must create a connecting socket for one address. Throws the error of the only attempt, an
 * AggregateError, or the reason of `signal`. The caller owns the socket of the returned attempt, which has no listeners.
 */
export function raceConnect<Attempt extends ConnectAttempt>(
  addresses: readonly ResolvedAddress[],
  connectTo: (address: string) => Attempt,
  { signal, onFailed }: RaceOptions,
): Promise<Attempt> {
  const queue = alternateFamilies(addresses);
  const open = new Map<Attempt, () => void>();
  const errors: Error[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Attempt>();
  let timer: NodeJS.Timeout | undefined;

  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    queue.length = 0;
    for (const [{ socket }, stopListening] of open) {
      stopListening();
      abandonSocket(socket);
    }
    open.clear();
  };
  const abort = () => {
    end();
    reject(signal.reason);
  };
  const next = () => {
    clearTimeout(timer);
    const address = open.size < MAX_PARALLEL_ATTEMPTS ? queue.shift() : undefined;
    if (address === undefined) {
      if (open.size > 0) return;
      end();
      const [error = new Error('There is no address.'), ...more] = errors;
      reject(more.length === 0 ? error : new AggregateError(errors, error.message));
      return;
    }
    const attempt = connectTo(address.address);
    const { socket } = attempt;
    const win = () => {
      stopListening();
      open.delete(attempt);
      end();
      resolve(attempt);
    };
    const fail = (error: Error) => {
      stopListening();
      open.delete(attempt);
      socket.on('error', () => {}).destroy();
      errors.push(error);
      onFailed?.(error);
      next();
    };
    const stopListening = () => socket.off('connect', win).off('error', fail);
    socket.once('connect', win).once('error', fail);
    open.set(attempt, stopListening);
    if (queue.length > 0) timer = setTimeout(next, NEXT_ADDRESS_DELAY_MS);
  };

  if (signal.aborted) reject(signal.reason);
  else {
    signal.addEventListener('abort', abort, { once: true });
    next();
  }
  return promise;
}

/** The addresses in their order, but with families alternating from the first on (RFC 8305 section 4). */
function alternateFamilies(addresses: readonly ResolvedAddress[]): ResolvedAddress[] {
  if (addresses.length < 2) return [...addresses];
  const first = addresses[0]?.family;
  const preferred = addresses.filter(({ family }) => family === first);
  const others = addresses.filter(({ family }) => family !== first);
  return preferred
    .flatMap((address, index) => [address, ...others.slice(index, index + 1)])
    .concat(others.slice(preferred.length));
}

/**
 * Closes a socket that is connecting or has just connected, without an orderly end: a FIN would look to the peer like a client
 * that has finished. The kernel may have completed the connection already, which only the next poll reports.
 */
export function abandonSocket(socket: Socket): void {
  socket.on('error', () => {});
  if (!socket.connecting) {
    resetSocket(socket);
    return;
  }
  const reset = () => resetSocket(socket);
  socket.once('connect', reset);
  // The first callback may run before the next poll, the second one cannot.
  setImmediate(() =>
    setImmediate(() => {
      if (!socket.connecting) return;
      socket.off('connect', reset).destroy();
    }),
  );
}
