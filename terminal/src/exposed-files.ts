import type { ParseResult } from '@penstock/config-schema';
import { exposureOf } from '@penstock/runtime';

/** Others, but not the group: a key is often shared with a service through its group (mode 0640). */
const OTHERS = 0o007;

/**
 * Returns a function that calls `report` with a sentence for each referenced file with a secret that every user of this host
 * can access, once, and returns its argument. Such a file is used nevertheless: orchestrators mount secrets with mode 0644.
 */
export function exposedFileReporter<Config>(
  report: (detail: string) => void,
): (result: ParseResult<Config>) => ParseResult<Config> {
  const reported = new Set<string>();
  return (result) => {
    for (const file of result.ok ? result.source.secretFiles : []) {
      const detail = exposureOf(file, OTHERS);
      if (detail === undefined || reported.has(detail)) continue;
      reported.add(detail);
      report(detail);
    }
    return result;
  };
}
