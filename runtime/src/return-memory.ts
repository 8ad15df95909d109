import { cFunctions } from './c-library.ts';

type Allocator = { malloc_trim(pad: bigint): number };

/**
 * Returns a function that gives free memory back to the operating system, where the C library can: glibc keeps what was freed below
 * anything that is still in use, 150 MiB after a busy time (malloc_trim(3)).
 */
export function memoryReturner(): () => void {
  if (process.platform !== 'linux') return () => {};
  const allocator = cFunctions<Allocator>({ malloc_trim: { arguments: ['uint64'], return: 'int32' } });
  return () => void allocator?.malloc_trim(0n);
}
