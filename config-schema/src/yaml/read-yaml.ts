import { type Document, type ErrorCode, isMap } from 'yaml';
import type { Finding } from './finding.ts';
import { invisibleText, tabIndentation } from './invisible-text.ts';
import { parseDocuments } from './parse-documents.ts';
import { syntaxWords } from './syntax-words.ts';
import type { Node, Range } from './tree.ts';
import { rangeOf, TreeReader } from './tree-reader.ts';
import { unclosedBrackets } from './unclosed-brackets.ts';

/** One unclosed quote can cause thousands of errors; the first ones are enough. */
const MAX_SYNTAX_ERRORS = 10;

export type YamlResult = {
  /** Undefined if the text could not be parsed. Possibly incomplete if there are findings. */
  readonly root: Node | undefined;
  readonly findings: readonly Finding[];
};

/** Reads one YAML 1.2 document, strictly. Never throws. */
export function readYaml(text: string): YamlResult {
  const invisible = invisibleText(text);
  if (invisible.length > 0) return { root: undefined, findings: invisible };
  const { documents, findings } = parseDocuments(text);
  const tabs = documents.some(({ errors }) => errors.length > 0) ? tabIndentation(text) : [];
  // Everything else that the parser says follows from them.
  if (tabs.length > 0) return { root: undefined, findings: tabs };
  const [document, second] = documents;
  if (document === undefined) {
    return { root: undefined, findings: [notAMapping([0, 0], 'The file is empty')] };
  }
  findings.push(...syntaxFindings(document));
  if (second !== undefined) {
    findings.push({
      code: 'MULTIPLE_DOCUMENTS',
      range: [second.range[0], second.range[0] + 1],
      path: [],
      message: 'A second document begins here.',
      suggestion: 'Write one configuration per file.',
    });
  }
  if (document.contents === null || !isMap(document.contents)) {
    if (findings.length === 0)
      findings.push(notAMapping(rangeOf(document.contents), 'The file is not a mapping'));
    return { root: undefined, findings };
  }
  const root = new TreeReader(findings).read(document.contents, []);
  return { root, findings };
}

function syntaxFindings(document: Document.Parsed): Finding[] {
  const faults = [...document.errors, ...document.warnings];
  if (faults.length === 0) return [];
  const unclosed = unclosedBrackets(document);
  const block = faults.find(({ code }) => code === 'BLOCK_AS_IMPLICIT_KEY');
  const others = faults.filter(
    (fault) =>
      (!missesEnd.has(fault.code) || !unclosed.noticedAt.has(fault.pos[0])) &&
      (fault === block ||
        !followsFromBlock.has(fault.code) ||
        fault.pos[0] < (block?.pos[0] ?? Number.POSITIVE_INFINITY)),
  );
  const findings = others.map(
    ({ pos, code }): Finding => ({
      code: code === 'RESOURCE_EXHAUSTION' ? 'YAML_LIMIT' : 'YAML_SYNTAX',
      range: pos,
      path: [],
      message: `This is not well-formed YAML: ${syntaxWords[code]}.`,
      suggestion:
        code === 'BLOCK_AS_IMPLICIT_KEY'
          ? 'Write either a value after the key or a block below it, and check quotes here and on the line above.'
          : 'Check indentation, quotes, and brackets here and on the line above.',
    }),
  );
  return [...unclosed.findings, ...findings].slice(0, MAX_SYNTAX_ERRORS);
}

/** The parser's errors for the lines below a value that should not be there. */
const followsFromBlock: ReadonlySet<ErrorCode> = new Set(['BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY']);

/** The parser's errors for a bracket that is not closed. */
const missesEnd: ReadonlySet<ErrorCode> = new Set(['BAD_INDENT', 'MISSING_CHAR']);

function notAMapping(range: Range, message: string): Finding {
  return {
    code: 'NOT_A_MAPPING',
    range,
    path: [],
    message: `${message}.`,
    suggestion: 'Begin with `apiVersion: penstock/v1`, and write one `key: value` per line.',
  };
}
