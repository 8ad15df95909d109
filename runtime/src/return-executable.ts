import { readFileSync, readlinkSync } from 'node:fs';
import { cFunctions } from './c-library.ts';

type Memory = { madvise(address: bigint, length: bigint, advice: number): number };

const MADV_DONTNEED = 4;

/** A part of this process's memory. */
export type Segment = { readonly start: bigint; readonly end: bigint };

/**
 * Pages that were written to are private, or swapped out. Those of a file that was installed a moment ago count as dirty too, until it is on
 * the disk.
 */
const UNWRITTEN = [/^Private_Dirty: +0 kB$/m, /^Anonymous: +0 kB$/m, /^Swap: +0 kB$/m];

const HEADING = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ +(.+)$/;

/**
 * The segments of the executable that nothing has written to, from the text of /proc/PID/smaps (proc_pid_smaps(5)): its code and its
 * constants. Only the image itself counts, which begins where the file is mapped first and is contiguous: V8 maps parts of it once more
 * elsewhere, for as long as it needs them.
 */
export function unwrittenSegments(smaps: string, executable: string): Segment[] {
  const segments: Segment[] = [];
  let end: bigint | undefined;
  for (const mapping of smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const [, from = '', to = '', access = '', path] = HEADING.exec(mapping.split('\n', 1)[0] ?? '') ?? [];
    const isNext = path === executable && (end === undefined || end === BigInt(`0x${from}`));
    if (!isNext) continue;
    const segment = { start: BigInt(`0x${from}`), end: BigInt(`0x${to}`) };
    end = segment.end;
    const isUnwritten = UNWRITTEN.every((line) => line.test(mapping));
    if (!access.includes('w')) {
      if (isUnwritten) segments.push(segment);
      continue;
    }
    // Relocated constants (RELRO) come right before the data: not every system tells that they were written to.
    if (segments.at(-1)?.end === segment.start) segments.pop();
  }
  return segments;
}

/**
 * Returns a function that gives up the pages of the executable, which the system counts for each process that has touched them: more than
 * half of those of a start serve nothing else. What runs next finds its pages in the cache of the file again (docs/decisions/0029). Does
 * nothing where Node cannot call the C library. Takes longer the more memory the process has: call it when nobody waits.
 */
export function executableReturner(): () => void {
  if (process.platform !== 'linux') return () => {};
  const memory = cFunctions<Memory>({
    madvise: { arguments: ['uint64', 'uint64', 'int32'], return: 'int32' },
  });
  if (memory === undefined) return () => {};
  return () => {
    // Read each time: a debugger or a tracer may have written to a page meanwhile.
    for (const { start, end } of ownSegments()) memory.madvise(start, end - start, MADV_DONTNEED);
  };
}

/** Empty where /proc is missing or unreadable, as it may be for a service. */
function ownSegments(): Segment[] {
  try {
    return unwrittenSegments(readFileSync('/proc/self/smaps', 'utf8'), readlinkSync('/proc/self/exe'));
  } catch {
    return [];
  }
}
