import { TunnelError } from '@penstock/wire';
import type { ClientReader } from '../client-reader.ts';
import { readStartupMessage } from './startup-message.ts';
import { readStartupPacket } from './startup-packet.ts';

/** The first message of a PostgreSQL client inside TLS. */
export type FirstMessage =
  | { readonly is: 'cancel-request'; readonly bytes: Buffer }
  /** `bytes`: the StartupMessage for the server, with everything received after it. */
  | { readonly is: 'startup'; readonly connection: string | undefined; readonly bytes: Buffer };

/** Throws TunnelError PROTOCOL_ERROR for any other message, and as ClientReader does. */
export async function readFirstMessage(reader: ClientReader): Promise<FirstMessage> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    bytes = Buffer.concat([bytes, await reader.readAvailable()]);
    const packet = readStartupPacket(bytes);
    if (packet.is === 'incomplete') continue;
    if (packet.is === 'cancel-request') return { is: packet.is, bytes: packet.bytes };
    const message = packet.is === 'startup' ? readStartupMessage(packet.bytes) : undefined;
    if (message === undefined) {
      throw new TunnelError(
        'PROTOCOL_ERROR',
        'The client did not send a PostgreSQL StartupMessage after TLS.',
      );
    }
    const rest = bytes.subarray('bytes' in packet ? packet.bytes.length : 0);
    return {
      is: 'startup',
      connection: message.connection,
      bytes: Buffer.concat([message.bytes, rest]),
    };
  }
}
