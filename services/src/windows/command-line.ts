/** A word of a command line as Windows programs parse it (CommandLineToArgvW). */
export function windowsWord(word: string): string {
  if (word !== '' && !/[\s"]/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/** The words of a command line, as Windows programs parse it. */
export function windowsWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  // Backslashes are themselves unless they end at a quotation mark.
  for (const [part, slashes = '', mark] of line.matchAll(/(\\*)(")|\\+|\s+|[^\\"\s]+/g)) {
    if (mark !== undefined) {
      word = (word ?? '') + '\\'.repeat(slashes.length >> 1);
      if (slashes.length % 2 === 1) word += '"';
      else isQuoted = !isQuoted;
    } else if (isQuoted || part.trim() !== '') {
      word = (word ?? '') + part;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** shawl writes folders in this form, which has no limit of length. */
const withoutPrefix = (word: string) => word.replace(/^\\\\\?\\(?=[A-Za-z]:)/, '');

/** Whether two command lines say the same: shawl changes the order of its options, and how folders are written. */
export function isSameCommandLine(one: string, other: string): boolean {
  const [first, second] = [one, other].map((line) => {
    const words = windowsWords(line).map(withoutPrefix);
    const end = words.indexOf('--');
    return [...words.slice(0, end).sort(), ...words.slice(end)].join('\0');
  });
  return first === second;
}

/** What a service does, in the words of its command line. */
export type WindowsCommandLine = {
  /** Where the service works. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Executable and arguments. */
  readonly command: readonly string[];
};

/** What shawl was told; undefined if the command line is that of something else. */
export function windowsCommandLine(line: string): WindowsCommandLine | undefined {
  const words = windowsWords(line).map(withoutPrefix);
  const end = words.indexOf('--');
  const directory = words[words.indexOf('--cwd') + 1];
  if (end < 0 || words[1] !== 'run' || directory === undefined || !words.includes('--cwd')) return undefined;
  const variables = words
    .slice(0, end)
    .flatMap((word, index) => (words[index - 1] === '--env' ? [word.split('=')] : []))
    .map(([name = '', ...value]) => [name, value.join('=')] as const);
  return { directory, environment: Object.fromEntries(variables), command: words.slice(end + 1) };
}
