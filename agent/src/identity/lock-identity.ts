import { DirectoryLockError, lockPrivateDirectory } from '@penstock/runtime';

/**
 * Locks the identity directory until disposed, because the gateway quarantines an identity that two agents use. A directory
 * that cannot be locked at all is used without a lock, and `onUnsupported` is called with the reason. Throws
 * DirectoryLockError when another process holds the lock, or PrivateFileError.
 */
export async function lockIdentity(
  directory: string,
  onUnsupported: (reason: string) => void,
): Promise<Disposable> {
  try {
    return await lockPrivateDirectory(directory, 'identity.directory');
  } catch (error) {
    if (!(error instanceof DirectoryLockError) || error.fault === 'held') throw error;
    onUnsupported(error.message);
    return { [Symbol.dispose]() {} };
  }
}
