import { type CloseCode, closeCodes, type TunnelError } from '@penstock/wire';

/** SQLSTATE class 08 (connection exception) tells drivers and pools whether reconnecting may help. */
const sqlStates: Partial<Record<CloseCode, string>> = {
  CLIENT_DENIED: '08004',
  LIMIT_EXCEEDED: '08004',
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

/** Reports a close code. Clients get only its general sentence; the details are in the gateway's log. */
export function errorResponseOf({ code }: TunnelError, connection: string): Buffer {
  const hint = `For details, run on the gateway: penstock-gateway connection explain ${connection}.`;
  return errorResponse({ code, message: closeCodes[code].sentence, hint });
}
