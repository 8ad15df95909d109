const STYLE = String.raw`\u001b\[[0-9;]*m`;
const CONTROL = String.raw`(?![\n\t])\p{Cc}`;
const styleOrControl = new RegExp(`(${STYLE})|${CONTROL}`, 'gu');
const control = new RegExp(CONTROL, 'gu');

/** Replaces the control characters of untrusted text, except line breaks and tabs, so that it cannot control a terminal. */
export function printable(text: string): string {
  return text.replace(control, '·');
}

/** The same for text that may be colored: color sequences are kept. */
export function printableStyled(text: string): string {
  return text.replace(styleOrControl, (_, style: string | undefined) => style ?? '·');
}
