import { type CloseCode, closeCodes, type TunnelError } from '@penstock/wire';

/** Class 08 of SQLSTATE is that of connection errors: drivers and pools know to connect again, or not to. */
const states: Partial<Record<CloseCode, string>> = {
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

/** An ErrorResponse that ends the connection, as a server's own does. */
export function errorResponse({ code, message, hint }: PostgresqlError): Buffer {
  const fields = [
    'SFATAL',
    'VFATAL',
    `C${states[code] ?? UNABLE_TO_CONNECT}`,
    `M${message} (Penstock: ${code})`,
    ...(hint === undefined ? [] : [`H${hint}`]),
  ];
  const body = Buffer.from(`${fields.join('\0')}\0\0`);
  const header = Buffer.alloc(5);
  header.write('E', 0, 'latin1');
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** Why a client is not served: the sentence of the code. What the agent said in detail is for the log, not for clients. */
export function refusalResponse({ code }: TunnelError, connection: string): Buffer {
  const hint = `Whoever runs the gateway can say more: penstock-gateway connection explain ${connection}.`;
  return errorResponse({ code, message: closeCodes[code].sentence, hint });
}
