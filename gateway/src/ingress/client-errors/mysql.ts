import type { CloseCode } from '@penstock/wire';
import { errorLine } from './client-error.ts';
import { type CreateErrorExchange, INVALID } from './error-exchange.ts';

const ERROR_PACKET = 0xff;

/** ER_UNKNOWN_ERROR. Codes of the client library (2000 and above) are not for servers to send. */
const UNKNOWN_ERROR = 1105;
const TOO_MANY_CONNECTIONS = 1040;
const HOST_NOT_PRIVILEGED = 1130;

const errorNumbers: Partial<Record<CloseCode, number>> = {
  LIMIT_EXCEEDED: TOO_MANY_CONNECTIONS,
  QUEUE_FULL: TOO_MANY_CONNECTIONS,
  AGENT_OVERLOADED: TOO_MANY_CONNECTIONS,
  CLIENT_DENIED: HOST_NOT_PRIVILEGED,
};

/**
 * Sends an ERR packet in place of the greeting. It has no SQLSTATE: the client has not said yet that it knows the
 * marker (MySQL documentation, "ERR_Packet").
 */
export const mysqlError: CreateErrorExchange = (error) => {
  const text = Buffer.from(errorLine(error));
  const packet = Buffer.alloc(7 + text.length);
  packet.writeUIntLE(packet.length - 4, 0, 3);
  packet.writeUInt8(ERROR_PACKET, 4);
  packet.writeUInt16LE(errorNumbers[error.code] ?? UNKNOWN_ERROR, 5);
  text.copy(packet, 7);
  return { greeting: packet, push: () => INVALID };
};
