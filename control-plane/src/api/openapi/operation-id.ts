/**
 * The id of an operation, which generators of clients use as a name: `listAgents`, `getAgent`, `drainAgent`,
 * `getConnectionExplain`. A route can set its own `operationId`.
 */
export function operationId(method: string, path: string): string {
  const parts = path
    .replace(/^\/api\/v1\//, '/')
    .split('/')
    .filter(Boolean);
  const isParameter = (part: string | undefined) => /^[:{]/.test(part ?? '');
  const last = parts.at(-1) ?? '';
  /** Each word in the singular if a parameter follows it. */
  const nouns = parts.flatMap((part, index) =>
    isParameter(part) ? [] : [isParameter(parts[index + 1]) ? singular(pascal(part)) : pascal(part)],
  );
  const isMember = isParameter(last);
  if (method === 'POST' && !isMember && parts.some(isParameter)) {
    return camel(last) + nouns.slice(0, -1).join('');
  }
  if (method === 'POST' && !isMember)
    return `create${nouns.slice(0, -1).join('')}${singular(nouns.at(-1) ?? '')}`;
  if (method === 'GET' && !isMember) return `${/s$/.test(last) ? 'list' : 'get'}${nouns.join('')}`;
  return `${verbs[method] ?? method.toLowerCase()}${nouns.join('')}`;
}

const verbs: Readonly<Record<string, string>> = { GET: 'get', PUT: 'put', DELETE: 'delete', POST: 'post' };

const pascal = (text: string) =>
  text
    .split(/[-.]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
const camel = (text: string) => pascal(text).replace(/^./, (first) => first.toLowerCase());
const singular = (text: string) => text.replace(/s$/, '');
