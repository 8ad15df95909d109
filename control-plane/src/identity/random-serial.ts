import { randomBytes } from 'node:crypto';

/** Returns a certificate serial number: 126 random bits, positive and without leading zeros (RFC 5280 section 4.1.2.2). */
export function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}
