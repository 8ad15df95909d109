import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** 256 random bits in base64url: 43 characters. A plain hash protects them, since they cannot be guessed. */
export function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Hexadecimal SHA-256 of a secret, as the store has it. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether `hash` is that of `secret`, compared in constant time. */
export function secretMatches(secret: string, hash: string): boolean {
  const [given, stored] = [Buffer.from(hashOfSecret(secret)), Buffer.from(hash)];
  return given.length === stored.length && timingSafeEqual(given, stored);
}
