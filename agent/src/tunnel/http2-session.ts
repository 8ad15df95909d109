import type { ClientHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { openHttp2Client } from '@penstock/transport';
import { errorText } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** Starts HTTP/2 on a connected socket, as `openHttp2Client` does. Rejects with GatewayError. */
export async function openHttp2Session(socket: TLSSocket, url: string): Promise<ClientHttp2Session> {
  try {
    return await openHttp2Client(socket, url);
  } catch (error) {
    const advice = 'Check that gateway.url names a Penstock gateway.';
    throw new GatewayError('GATEWAY_PROTOCOL', `${errorText(error)} ${advice}`, { cause: error });
  }
}
