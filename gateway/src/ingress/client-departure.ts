import { setImmediate } from 'node:timers/promises';
import type { ConnectorKind } from '@penstock/config-schema';
import type { NearEnd, SpliceEnd } from '@penstock/transport';

const TURNS_TO_LEAVE = 2;
/** A client that leaves sooner than this, and without a byte, has checked the port. */
const CHECK_TIMEOUT_MS = 1_000;

/** Whether the client has sent a byte. */
const hasSent = (socket: NearEnd) => !('bytesRead' in socket) || socket.bytesRead > 0;

/** Whether a client that left after `milliseconds` has only checked the port. */
export function isPortCheck(socket: NearEnd, milliseconds: number): boolean {
  return !hasSent(socket) && milliseconds < CHECK_TIMEOUT_MS;
}

/** Whether a client that has sent FIN is gone: of most protocols it can only be half-closed after a request. */
export function isGoneAtEnd(kind: ConnectorKind | undefined, socket: NearEnd): boolean {
  if (kind === undefined || kind === 'tcp') return false;
  // A MySQL server speaks first, and a client that cannot answer its greeting cannot do anything.
  return kind === 'mysql' || !hasSent(socket);
}

/** Kinds whose clients never wait for an answer after FIN: one that has sent it has closed. */
const CLOSED_AT_FIN: ReadonlySet<ConnectorKind> = new Set(['postgresql', 'mysql', 'sqlserver', 'oracle']);

/**
 * Whether a target has reset a connection that its client had already closed. A PostgreSQL server exits when it reads
 * Terminate, and its kernel answers the close_notify that follows with a reset, so every session with TLS ends like this.
 */
export function isResetAfterEnd(
  kind: ConnectorKind | undefined,
  { code, finishedFirst }: Pick<SpliceEnd, 'code' | 'finishedFirst'>,
): boolean {
  return (
    code === 'TARGET_RESET' && finishedFirst === 'socket' && kind !== undefined && CLOSED_AT_FIN.has(kind)
  );
}

/**
 * Two turns of the event loop, in which the FIN or RST of a client that only checks the port arrives. A MySQL server
 * counts clients that do not log in, and blocks the host of the agent after `max_connect_errors` of them.
 */
export async function turnsToLeave(): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_LEAVE; turn += 1) await setImmediate();
}
