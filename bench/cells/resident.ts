import { settledKib } from '../process/settle.ts';
import type { RouteProcess } from '../routes/route.ts';

/** Returns the resident KiB of each end after garbage collection, including descendants. */
export async function residentOf(processes: readonly RouteProcess[]): Promise<Map<string, number>> {
  const kib = new Map<string, number>();
  for (const { role, pids, settle } of processes) {
    await settle();
    for (const pid of await pids()) kib.set(role, (kib.get(role) ?? 0) + (await settledKib(pid)));
  }
  return kib;
}
