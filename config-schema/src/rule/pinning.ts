import type { FileView } from './file-view.ts';

/** Who asks for pins relies on them: taking the words and doing nothing would be worse than refusing them. */
export function checkPinning(view: FileView): void {
  for (const pool of view.items(['pools'])) {
    const path = [...pool, 'pinning'];
    const mode = view.text(path);
    if (mode !== 'enforce' && mode !== 'warn') continue;
    view.report(
      'NOT_YET',
      path,
      `is \`${mode}\`, and this release has no pins yet`,
      'Write `pinning: off`, or leave it out, until a release has them.',
    );
  }
}
