import type { CloseCode } from '@penstock/wire';

/** A driver with several hosts tries the next one. */
const CANNOT_CONNECT_NOW = '57P03';

/** SQLSTATE class 08 (connection exception) tells drivers and pools whether reconnecting may help. */
const sqlStates: Partial<Record<CloseCode, string>> = {
  CLIENT_DENIED: '08004',
  LIMIT_EXCEEDED: '53300',
  NO_AGENT: CANNOT_CONNECT_NOW,
  QUEUE_FULL: CANNOT_CONNECT_NOW,
  QUEUE_TIMEOUT: CANNOT_CONNECT_NOW,
  AGENT_DRAINING: CANNOT_CONNECT_NOW,
  AGENT_OVERLOADED: CANNOT_CONNECT_NOW,
  CONFIG_DRIFT: CANNOT_CONNECT_NOW,
  PROTOCOL_ERROR: '08P01',
  SESSION_LOST: '08006',
};
const UNABLE_TO_CONNECT = '08001';

export type PostgresqlError = {
  readonly code: CloseCode;
  readonly message: string;
  readonly hint?: string;
};

/** Encodes a fatal ErrorResponse, after which the connection is closed. */
export function errorResponse({ code, message, hint }: PostgresqlError): Buffer {
  const fields = [
    'SFATAL',
    'VFATAL',
    `C${sqlStates[code] ?? UNABLE_TO_CONNECT}`,
    `M${message} (Penstock: ${code})`,
    ...(hint === undefined ? [] : [`H${hint}`]),
  ];
  const body = Buffer.from(`${fields.join('\0')}\0\0`);
  const header = Buffer.alloc(5);
  header.write('E', 0, 'latin1');
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}
