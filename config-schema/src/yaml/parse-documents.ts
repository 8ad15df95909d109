import { type Document, isMap, type ParsedNode, parseAllDocuments } from 'yaml';
import type { Finding } from './finding.ts';
import type { Range } from './tree.ts';
import { unquotedText } from './unquoted-text.ts';

type Parsed = {
  readonly documents: readonly Document.Parsed<ParsedNode>[];
  /** References that YAML could not parse because they are not quoted. */
  readonly findings: Finding[];
};

/** Each round finds what the previous one hid; three cover every realistic file. */
const MAX_ROUNDS = 3;
/** Maximum number of references reported per round; more than anyone fixes in one pass. */
const MAX_REFERENCES = 100;

/**
 * Parses the text and detects the one mistake that nearly everyone makes: inside {braces} and [brackets], the `{` of a
 * reference is YAML syntax, so the reference must be quoted. Such references are reported as such, and
 * the text is parsed again as if they were quoted.
 */
export function parseDocuments(text: string): Parsed {
  const findings: Finding[] = [];
  let readable = text;
  for (let round = 1; ; round += 1) {
    const documents = parse(readable);
    const others = round === 1 ? unquotedText(readable, documents.some(hasErrors)) : [];
    if (others.length > 0) {
      findings.push(...others.slice(0, MAX_REFERENCES).map(({ finding }) => finding));
      readable = quoted(
        readable,
        others.map(({ range }) => range),
      );
      continue;
    }
    const unquoted =
      round > MAX_ROUNDS ? [] : documents.flatMap((document) => unquotedReferences(document, readable));
    if (unquoted.length === 0) return { documents, findings };
    findings.push(...unquoted.map(needsQuotes));
    if (unquoted.length >= MAX_REFERENCES) return { documents, findings };
    readable = quoted(readable, unquoted);
  }
}

function parse(text: string): readonly Document.Parsed<ParsedNode>[] {
  const documents = parseAllDocuments(text, {
    strict: true,
    uniqueKeys: false,
    prettyErrors: false,
    keepSourceTokens: true,
  });
  return Array.isArray(documents) ? documents : [];
}

const hasErrors = ({ errors, contents }: Document.Parsed) => errors.length > 0 || !isMap(contents);

/** Returns text of the same length in which letters replace the references. */
function quoted(text: string, references: readonly Range[]): string {
  let result = '';
  for (const [start, end] of references) {
    result += text.slice(result.length, start) + 'x'.repeat(end - start);
  }
  return result + text.slice(result.length);
}

/** In the order of the text. */
function unquotedReferences({ errors }: Document.Parsed, text: string): Range[] {
  const starts = new Set(errors.map(({ pos: [start] }) => start - 1));
  const ranges = [...starts].flatMap((start) => {
    const match = /^\$\{[^{}\n]*\}/.exec(text.slice(start, start + 1024));
    return match === null ? [] : [[start, start + match[0].length] as const];
  });
  return ranges.toSorted(([one], [other]) => one - other).slice(0, MAX_REFERENCES);
}

function needsQuotes(range: Range): Finding {
  return {
    code: 'YAML_SYNTAX',
    range,
    path: [],
    message: 'Inside {braces} and [brackets], a reference must be quoted.',
    suggestion: 'Write it as "${env:NAME}", including the quotes.',
  };
}
