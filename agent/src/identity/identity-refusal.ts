import { errorCode } from '@penstock/wire';

/** The gateway does not take this certificate, and would take another: it has expired, or is not known there. */
export function isIdentityRefusal(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'IDENTITY_EXPIRED' || code === 'IDENTITY_UNKNOWN';
}
