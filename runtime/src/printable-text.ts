/** Controls, invisible and bidirectional formatting, line and paragraph separators, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNPRINTABLE_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Replaces what could control a terminal in untrusted text, or show it in another order than it has, except line breaks and
 * tabs. Add styles afterwards.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, '·');
}

/** The same for text that must stay on one line. */
export function printableLine(text: string): string {
  return text.replace(UNPRINTABLE, '·');
}
