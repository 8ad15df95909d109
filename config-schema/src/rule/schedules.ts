import type { FileView } from './file-view.ts';

/** Checks that freezes do not end before they begin. */
export function checkFreezes(view: FileView): void {
  for (const item of view.items(['freezes'])) {
    const from = view.read('date', [...item, 'from']);
    const to = view.read('date', [...item, 'to']);
    if (from === undefined || to === undefined || from <= to) continue;
    view.report(
      'INCONSISTENT',
      [...item, 'to'],
      `is before ${view.words([...item, 'from'])}`,
      'Exchange the two dates.',
    );
  }
}
