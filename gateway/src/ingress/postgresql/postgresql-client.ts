import { TunnelError } from '@penstock/wire';
import type { Dialed } from '../../routing/dial.ts';
import type { TargetStream } from '../../routing/session-contract.ts';
import type { ClientReader } from '../client-reader.ts';
import type { IngressBinding } from '../ingress-handler.ts';
import { Refusal } from '../refusal.ts';
import type { RoutedClient } from '../routed-client.ts';
import { BackendKeyReader } from './backend-key.ts';
import type { CancelRequests } from './cancel-requests.ts';
import { errorResponse } from './postgresql-error.ts';
import { readPostgresqlPacket } from './postgresql-packet.ts';
import { readStartupMessage } from './startup-message.ts';

/** What a PostgreSQL client says first inside TLS that ends here. */
export type FirstMessage =
  | { readonly is: 'cancel-request'; readonly bytes: Buffer }
  /** `bytes`: the StartupMessage for the server, and whatever came behind it. */
  | { readonly is: 'startup'; readonly connection: string | undefined; readonly bytes: Buffer };

/** Reads it. Throws TunnelError PROTOCOL_ERROR for anything else. */
export async function readFirstMessage(client: ClientReader): Promise<FirstMessage> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    bytes = Buffer.concat([bytes, await client.some()]);
    const packet = readPostgresqlPacket(bytes);
    if (packet.is === 'incomplete') continue;
    if (packet.is === 'cancel-request') return { is: packet.is, bytes: packet.bytes };
    const message = packet.is === 'startup' ? readStartupMessage(packet.bytes) : undefined;
    if (message === undefined) {
      throw new TunnelError('PROTOCOL_ERROR', 'The client did not begin as a PostgreSQL client does.');
    }
    const rest = bytes.subarray('bytes' in packet ? packet.bytes.length : 0);
    return {
      is: 'startup',
      connection: message.connection,
      bytes: Buffer.concat([message.bytes, rest]),
    };
  }
}

/**
 * The way that a client wants whose server name has led to `named`, or to none, and whose `options` say `wish`.
 * Throws Refusal.
 */
export function bindingOfStartup(
  bindings: readonly IngressBinding<'sni'>[],
  named: IngressBinding<'sni'> | undefined,
  wish: string | undefined,
  serverName: string | undefined,
): IngressBinding<'sni'> {
  if (wish === undefined) {
    if (named !== undefined) return named;
    const host = serverName === undefined ? 'no host' : `${serverName}, which is no host of this port,`;
    throw refusal(
      `The client named ${host} in TLS, and no connection in its options.`,
      'Connect to the host name of the connection, or add options=-cpenstock.connection=NAME.',
    );
  }
  const wished = bindings.find(
    ({ connection, ingress }) => connection.name === wish && ingress.mode === 'terminate',
  );
  if (wished === undefined) {
    const asked = /^[\w.-]{1,63}$/.test(wish) ? wish : 'what is no name';
    throw refusal(
      `The client asked in its options for ${asked}, which this port has not, or only with passthrough.`,
      'Check the name behind penstock.connection, and the port.',
    );
  }
  if (named !== undefined && named.connection.name !== wish) {
    throw refusal(
      `The client connected to the host of ${named.connection.name} and asked for ${wish} in its options.`,
      'Leave penstock.connection out, or connect to the host of that connection.',
    );
  }
  return wished;
}

const refusal = (message: string, hint: string) =>
  new Refusal('CLIENT_DENIED', message, errorResponse({ code: 'CLIENT_DENIED', message, hint }));

/** Makes a client known to those that cancel, from now until it is gone. */
export function trackClient(
  cancels: CancelRequests,
  { source, socket, wishes }: Pick<RoutedClient, 'source' | 'socket' | 'wishes'>,
  connection: string,
): (target: TargetStream, dialed: Dialed) => void {
  return ({ stream }, { agentId }) => {
    const secure = wishes?.secure === true;
    const client = {
      address: source.address,
      connection,
      agentId,
      secure,
      key: undefined as Buffer | undefined,
    };
    const forget = cancels.add(client);
    socket.once('close', forget);
    if (socket.destroyed) forget();
    if (!secure) return;
    const reader = new BackendKeyReader();
    const listen = (chunk: Buffer) => {
      client.key ??= reader.push(chunk);
      if (reader.isDone) stream.off('data', listen);
    };
    stream.on('data', listen);
  };
}
