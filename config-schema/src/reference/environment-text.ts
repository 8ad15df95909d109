/** Value of an environment variable or a file, without what surrounds it: line breaks at the end, a byte order mark. */
export function withoutSurroundings(text: string): string {
  return text.replace(/^\u{feff}/u, '').replace(/[\r\n]+$/, '');
}
