const STYLE = String.raw`\u001b\[[0-9;]*m`;
const CONTROL = String.raw`(?![\n\t])\p{Cc}`;
const styleOrControl = new RegExp(`(${STYLE})|${CONTROL}`, 'gu');
const control = new RegExp(CONTROL, 'gu');

/** Text from elsewhere without the control characters that could steer a terminal. Line breaks stay. */
export function printable(text: string): string {
  return text.replace(control, '·');
}

/** The same for text that may be colored: colors stay, they move nothing and hide nothing. */
export function printableStyled(text: string): string {
  return text.replace(styleOrControl, (_, style: string | undefined) => style ?? '·');
}
