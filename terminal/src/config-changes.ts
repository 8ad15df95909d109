import type { ConfigChange } from '@penstock/config-schema';
import { printableLine } from './printable.ts';
import type { Style } from './style.ts';

/** Differences between two configurations, one line per field. */
export function renderChanges(changes: readonly ConfigChange[], style: Style): string {
  return changes.map((change) => changeText(change, style)).join('');
}

function changeText({ path, kind, before, after }: ConfigChange, style: Style): string {
  const place = style.strong(printableLine(path));
  if (kind === 'added') return `${style.good('+')} ${place}: ${printableLine(after)}\n`;
  if (kind === 'removed') return `${style.bad('-')} ${place}: ${printableLine(before)}\n`;
  return `${style.warning('~')} ${place}: ${printableLine(before)} -> ${printableLine(after)}\n`;
}
