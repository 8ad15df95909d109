import { DirectoryLockError, lockDirectory } from '@penstock/runtime';
import type { GatewayLog } from './event-catalogue.ts';

/**
 * Locks the data directory until disposed: two gateways on one store would not see each other's revocations and grants. A
 * directory that cannot be locked at all is used without a lock, which is logged. Throws DirectoryLockError when another
 * process holds the lock.
 */
export async function lockDataDirectory(directory: string, log: GatewayLog): Promise<Disposable> {
  try {
    return await lockDirectory(directory, 'dataDirectory');
  } catch (error) {
    if (!(error instanceof DirectoryLockError) || error.fault === 'held') throw error;
    log('data-not-locked', { detail: error.message });
    return { [Symbol.dispose]() {} };
  }
}
