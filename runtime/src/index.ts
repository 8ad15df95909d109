export { AddressLimit } from './address-limit.ts';
export { type Attempt, AttemptLimit, AttemptLimitError } from './attempt-limit.ts';
export { BriefMap } from './brief-map.ts';
export { BriefSet } from './brief-set.ts';
export { cFunctions } from './c-library.ts';
export { type Clock, systemClock } from './clock.ts';
export { garbageCollector } from './collect-garbage.ts';
export {
  type DirectoryLock,
  DirectoryLockError,
  lockDirectory,
  lockPrivateDirectory,
} from './directory-lock.ts';
export { embeddedFiles, isSingleExecutable, workerModule } from './embedded-files.ts';
export { FairItems } from './fair-items.ts';
export { fairLookup, type HostAddress, type Lookup, type LookupLimits } from './fair-lookup.ts';
export { type FileFailure, fileFailure, fileFailureText } from './file-failure.ts';
export { tuneGarbageCollection } from './garbage-collection.ts';
export { growingCache } from './growing-cache.ts';
export { hostLookup } from './host-lookup.ts';
export { IdleWaiters } from './idle-waiters.ts';
export { isLoopbackHost } from './loopback-host.ts';
export { NameCache, type NameCacheOptions } from './name-cache.ts';
export { oncePerTurn } from './once-per-turn.ts';
export { orAborted } from './or-aborted.ts';
export { pause } from './pause.ts';
export { printable, printableLine } from './printable-text.ts';
export {
  exposureOf,
  makePrivateDirectory,
  openPrivateDirectory,
  PrivateFileError,
  readFileIfPresent,
  readPrivateFile,
  removePrivateFile,
  replacePrivateFile,
  syncDirectory,
  writePrivateFile,
} from './private-file.ts';
export { collectWhenQuiet } from './quiet-collection.ts';
export { readableAddress } from './readable-address.ts';
export { remember } from './remember.ts';
export { memoryReturner } from './return-memory.ts';
export { hashOfSecret, randomSecret, secretMatches } from './secret-hash.ts';
export { type ReleasePermit, Semaphore } from './semaphore.ts';
export { inSlices, MAX_SLICE_ITEMS, nextTurn } from './slices.ts';
export { sourceAddressKey } from './source-address-key.ts';
export { keepTickShape } from './tick-shape.ts';
export { TokenBucket } from './token-bucket.ts';
export { sizeYoungGeneration } from './young-generation.ts';
