/** TLS alerts (RFC 8446 section 6.2) that refuse a client before, or instead of, a handshake. */
export const alerts = {
  unexpectedMessage: 10,
  recordOverflow: 22,
  handshakeFailure: 40,
  illegalParameter: 47,
  accessDenied: 49,
  decodeError: 50,
  internalError: 80,
  unrecognizedName: 112,
} as const;

export type Alert = keyof typeof alerts;

const ALERT_RECORD = 21;
const FATAL = 2;

/** A fatal alert as a plaintext record, which every client accepts before keys are negotiated. */
export function alertRecord(alert: Alert): Buffer {
  return Buffer.from([ALERT_RECORD, 3, 3, 0, 2, FATAL, alerts[alert]]);
}
