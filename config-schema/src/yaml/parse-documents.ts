import { type Document, type ParsedNode, parseAllDocuments } from 'yaml';
import type { Finding } from './finding.ts';
import type { Range } from './tree.ts';

type Parsed = {
  readonly documents: readonly Document.Parsed<ParsedNode>[];
  /** References that YAML could not read, for want of quotes. */
  readonly findings: Finding[];
};

/** Each round finds what the one before hid; a text that needs more is beyond help. */
const MAX_ROUNDS = 4;

/**
 * Parses, and tells apart the one mistake nearly everyone makes: inside {braces} and [brackets] the `{` of a
 * reference is YAML's own, so that it needs quotes there. Such references are reported as what they are, and
 * the text is read again as if they were quoted.
 */
export function parseDocuments(text: string): Parsed {
  const findings: Finding[] = [];
  let readable = text;
  for (let round = 1; ; round += 1) {
    const documents = parse(readable);
    const unquoted =
      round > MAX_ROUNDS ? [] : documents.flatMap((document) => unquotedReferences(document, readable));
    if (unquoted.length === 0) return { documents, findings };
    for (const range of unquoted) {
      const [start, end] = range;
      findings.push(needsQuotes(range));
      readable = readable.slice(0, start) + 'x'.repeat(end - start) + readable.slice(end);
    }
  }
}

function parse(text: string): readonly Document.Parsed<ParsedNode>[] {
  const documents = parseAllDocuments(text, { strict: true, uniqueKeys: false, prettyErrors: false });
  return Array.isArray(documents) ? documents : [];
}

function unquotedReferences({ errors }: Document.Parsed, text: string): Range[] {
  const starts = new Set(errors.map(({ pos: [start] }) => start - 1));
  return [...starts].flatMap((start) => {
    const match = /^\$\{[^{}\n]*\}/.exec(text.slice(start, start + 1024));
    return match === null ? [] : [[start, start + match[0].length] as const];
  });
}

function needsQuotes(range: Range): Finding {
  return {
    code: 'YAML_SYNTAX',
    range,
    path: [],
    message: 'Inside {braces} and [brackets] a reference needs quotes.',
    suggestion: 'Write it like "${env:NAME}", quotes included.',
  };
}
