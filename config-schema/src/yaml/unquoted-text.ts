import type { Finding } from './finding.ts';
import type { Range } from './tree.ts';

/** Text without its quotes, found by its form; the parser would only say that something is unexpected. */
type Mistake = {
  readonly find: RegExp;
  /** YAML accepts it, and reads something else than was meant. */
  readonly isYaml?: (text: string) => boolean;
  readonly message: string;
  readonly suggestion: (text: string) => string;
};

const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

const MISTAKES: readonly Mistake[] = [
  {
    find: /\[[0-9A-Fa-f.]{0,4}:[0-9A-Fa-f:.]{1,40}\](?:\/[0-9]{1,3})?(?::[0-9]{1,5}(?:-[0-9]{1,5})?)?/g,
    message: 'An IPv6 address in [brackets] must be quoted, because brackets begin a list in YAML.',
    suggestion: (text) => `Write it as "${shown(text)}", including the quotes.`,
  },
  {
    isYaml: () => true,
    find: /\{\{[^{}\n]{0,200}\}\}/g,
    message: 'Templates in {{braces}} are not replaced in this file.',
    suggestion: (text) => `Write "\${env:${variableIn(text)}}", including the quotes.`,
  },
  {
    find: /(?<=^|[[{]\s{0,80}|,\s{1,80}|:\s{1,80}|^\s{0,80}-\s{1,80})[*&@`%][^\s,\]}#]{0,200}/gm,
    // An alias, or an anchor with a strange name. The parser reports the others where they do begin a text.
    isYaml: (text) => text.startsWith('*') || (text.startsWith('&') && !/^&[\w-]{1,64}$/.test(text)),
    message: 'Plain text cannot begin with this character, which has a meaning of its own in YAML.',
    suggestion: (text) => `Put it in quotes: "${shown(text)}".`,
  },
];

export type UnquotedText = { readonly range: Range; readonly finding: Finding };

/** Finds such text outside of quotes and comments, in the order of the text. */
export function unquotedText(text: string, hasErrors: boolean): readonly UnquotedText[] {
  const bare = withoutQuotesAndComments(text);
  const taken: Range[] = [];
  const found: UnquotedText[] = [];
  for (const { find, message, suggestion, isYaml } of MISTAKES) {
    for (const { 0: match, index } of bare.matchAll(find)) {
      const range: Range = [index, index + match.length];
      if (taken.some(([start, end]) => range[0] < end && start < range[1])) continue;
      if (isAnchorOrAlias(match, bare) || !(hasErrors || isYaml?.(match))) continue;
      taken.push(range);
      const finding: Finding = {
        code: 'YAML_SYNTAX',
        range,
        path: [],
        message,
        suggestion: suggestion(match),
      };
      found.push({ range, finding });
    }
  }
  return found.toSorted((one, other) => one.range[0] - other.range[0]);
}

/** `*name` with its `&name`, or the reverse. */
function isAnchorOrAlias(text: string, whole: string): boolean {
  if (!/^[*&][\w-]{1,64}$/.test(text)) return false;
  return whole.includes(`${text.startsWith('*') ? '&' : '*'}${text.slice(1)}`);
}

const variableIn = (text: string) =>
  /[A-Za-z_]\w{0,63}/.exec(text.replace(/\b(?:env|ENV|lookup|getenv)\b/g, ''))?.[0] ?? 'NAME';

/** The text with quoted text and comments replaced by letters and spaces, character for character. */
export function withoutQuotesAndComments(text: string): string {
  return text.replace(/"(?:\\.|[^"\\\n])*"|(?<=^|[\s[{,:])'(?:''|[^'\n])*'|(?<=^|[ \t])#[^\n]*/gm, (match) =>
    (match.startsWith('#') ? ' ' : 'q').repeat(match.length),
  );
}
