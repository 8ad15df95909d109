import { errorCode } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** The host of the gateway has answered, and the gateway is not there. */
const REFUSALS: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/**
 * Whether a failed attempt to connect shows that the network works and the gateway does not, as after it was killed. A
 * network or a proxy that is away says nothing of the gateway.
 */
export function showsGatewayIsGone(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  switch (error.code) {
    case 'GATEWAY_UNREACHABLE':
      return REFUSALS.has(errorCode(error.cause) ?? '');
    case 'GATEWAY_TLS_FAILED':
    case 'GATEWAY_PROTOCOL':
    case 'PROXY_REFUSED':
      return true;
    default:
      return false;
  }
}
