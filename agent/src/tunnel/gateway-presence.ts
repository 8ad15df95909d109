import { errorCode } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** The host of the gateway has answered, and the gateway is not there. */
const REFUSALS: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET']);

/** An error of a dial has fewer. */
const MAX_CAUSES = 3;

/**
 * Whether a failed attempt to connect shows that the network works and the gateway does not, as after it was killed. A
 * network or a proxy that is away says nothing of the gateway.
 */
export function showsGatewayIsGone(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  switch (error.code) {
    case 'GATEWAY_UNREACHABLE':
      return isRefusal(error.cause, MAX_CAUSES);
    case 'GATEWAY_TLS_FAILED':
    case 'GATEWAY_PROTOCOL':
    case 'PROXY_REFUSED':
      return true;
    default:
      return false;
  }
}

/** A name may have several addresses, of which one has answered; and a handshake names what closed its connection. */
function isRefusal(error: unknown, causes: number): boolean {
  if (REFUSALS.has(errorCode(error) ?? '')) return true;
  if (causes === 0) return false;
  if (error instanceof AggregateError) return error.errors.some((each) => isRefusal(each, causes - 1));
  return error instanceof Error && isRefusal(error.cause, causes - 1);
}
