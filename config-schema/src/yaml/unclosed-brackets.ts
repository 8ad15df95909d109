import { type Document, isCollection, visit } from 'yaml';
import type { Finding } from './finding.ts';

export type Unclosed = {
  readonly findings: readonly Finding[];
  /** Offsets where the parser noticed the missing brackets; it reports wrong indentation there. */
  readonly noticedAt: ReadonlySet<number>;
};

/** Finds flow-style brackets and braces that are not closed. The document must have its source tokens. */
export function unclosedBrackets(document: Document.Parsed): Unclosed {
  const findings: Finding[] = [];
  const noticedAt = new Set<number>();
  visit(document, {
    Collection(_, node) {
      const token = isCollection(node) ? node.srcToken : undefined;
      if (token?.type !== 'flow-collection' || !node.range) return;
      const open = token.start.source;
      const close = open === '{' ? '}' : ']';
      if (token.end[0]?.source === close) return;
      const [start, end] = node.range;
      noticedAt.add(end);
      findings.push({
        code: 'YAML_SYNTAX',
        range: [start, start + 1],
        path: [],
        message: `This \`${open}\` is not closed.`,
        suggestion: `Close it with \`${close}\`, and indent its contents more than the key before it.`,
      });
    },
  });
  return { findings, noticedAt };
}
