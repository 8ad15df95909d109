import { invisibleCharacter } from '../odd-character.ts';
import type { Finding } from './finding.ts';
import { withoutQuotesAndComments } from './unquoted-text.ts';

/** Enough to see that a whole file was pasted from somewhere. */
const MAX_FINDINGS = 10;

/** Finds characters that cannot be seen outside of quotes and comments: YAML takes them for a part of keys and values. */
export function invisibleText(text: string): readonly Finding[] {
  const bare = withoutQuotesAndComments(text).replace(/[\t\n\r]/g, ' ');
  const findings: Finding[] = [];
  for (let from = 0; findings.length < MAX_FINDINGS; ) {
    const found = invisibleCharacter(bare.slice(from));
    if (found === undefined) break;
    const start = from + found.index;
    from = start + found.length;
    findings.push({
      code: 'YAML_SYNTAX',
      range: [start, from],
      path: [],
      message: `This is the character ${found.words}, which cannot be seen and is not a space in YAML.`,
      suggestion: 'Delete it, and type a space if one belongs here.',
    });
  }
  return findings;
}

/** Finds tabs in the indentation, one for each line. */
export function tabIndentation(text: string): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { 0: indent, index } of withoutQuotesAndComments(text).matchAll(/^ *\t[ \t]*(?=\S)/gm)) {
    const start = index + indent.indexOf('\t');
    findings.push({
      code: 'YAML_SYNTAX',
      range: [start, start + 1],
      path: [],
      message: 'This is a tab. YAML does not allow tabs for indentation.',
      suggestion: 'Indent with spaces; editors can convert tabs.',
    });
    if (findings.length === MAX_FINDINGS) break;
  }
  return findings;
}
