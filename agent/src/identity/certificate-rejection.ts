import { errorCode } from '@penstock/wire';

/** Whether the gateway refused the certificate itself, as expired or unknown, so that another certificate may succeed. */
export function isCertificateRejection(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'IDENTITY_EXPIRED' || code === 'IDENTITY_UNKNOWN';
}
