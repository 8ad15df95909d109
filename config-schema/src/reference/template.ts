/** Part of a text with references. Offsets count from the start of the text. */
export type TemplatePart =
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'environment';
      readonly name: string;
      readonly standard: string | undefined;
      readonly at: Span;
    }
  | { readonly kind: 'file'; readonly path: string; readonly at: Span }
  | { readonly kind: 'malformed'; readonly why: string; readonly suggestion: string; readonly at: Span };

export type Span = { readonly offset: number; readonly source: string };

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Splits text at its `${…}`; `$${` is a literal `${`. */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = '';
  let position = 0;
  while (position < text.length) {
    if (text.startsWith('$${', position)) {
      literal += '${';
      position += 3;
    } else if (text.startsWith('${', position)) {
      if (literal !== '') parts.push({ kind: 'literal', text: literal });
      literal = '';
      const close = text.indexOf('}', position);
      const end = close === -1 ? text.length : close + 1;
      parts.push(parseReference({ offset: position, source: text.slice(position, end) }));
      position = end;
    } else {
      literal += text.charAt(position);
      position += 1;
    }
  }
  if (literal !== '') parts.push({ kind: 'literal', text: literal });
  return parts;
}

/** Escapes text so that it contains no references as a template. */
export function escapeTemplate(text: string): string {
  // In a replacement string, `$$` would be a single dollar sign.
  return text.replaceAll('${', () => '$${');
}

function parseReference(at: Span): TemplatePart {
  const malformed = (why: string, suggestion: string): TemplatePart => ({
    kind: 'malformed',
    why,
    suggestion,
    at,
  });
  if (!at.source.endsWith('}')) return malformed('is not closed', 'Close the reference with }.');
  const body = at.source.slice(2, -1);
  if (body.includes('${'))
    return malformed('contains another reference', 'References cannot be nested; use one variable.');
  const colon = body.indexOf(':');
  const scheme = colon === -1 ? '' : body.slice(0, colon);
  const rest = body.slice(colon + 1);
  if (scheme === 'file') {
    if (rest.trim() === '') return malformed('does not name a file', 'Write ${file:/run/secrets/name}.');
    return { kind: 'file', path: rest, at };
  }
  if (scheme === 'env') return parseEnvironment(rest, at, malformed);
  if (VARIABLE.test(body))
    return malformed('does not have a kind', `Write \${env:${body}} for an environment variable.`);
  return malformed('is of an unknown kind', 'Write ${env:NAME}, ${env:NAME:-default} or ${file:/path}.');
}

function parseEnvironment(
  rest: string,
  at: Span,
  malformed: (why: string, suggestion: string) => TemplatePart,
): TemplatePart {
  const dash = rest.indexOf(':-');
  const name = dash === -1 ? rest : rest.slice(0, dash);
  if (!VARIABLE.test(name)) {
    return malformed('does not name an environment variable', 'Write ${env:NAME} or ${env:NAME:-default}.');
  }
  return { kind: 'environment', name, standard: dash === -1 ? undefined : rest.slice(dash + 2), at };
}
