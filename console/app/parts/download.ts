import { ApiError } from '../api/problem.ts';
import { readSecret } from '../api/session-secret.ts';

/** Pages of a listing that one file may have: more is a task for a program. */
const MAX_PAGES = 100;

/**
 * Downloads a listing of the API as a file, page after page. A plain link cannot send the second half of the session, and
 * would have the first page only. Returns `newest` if there are more rows than one file can have. Rejects with ApiError.
 */
export async function download(path: string, name: string): Promise<'all' | 'newest'> {
  const parts: string[] = [];
  let next: string | undefined = path;
  while (next !== undefined && parts.length < MAX_PAGES) {
    const response: Response = await fetch(next, { headers: { 'penstock-session': readSecret() ?? '' } });
    if (!response.ok) {
      const detail = `The gateway answered with status ${response.status}.`;
      throw new ApiError('NOT_DOWNLOADED', detail, response.status);
    }
    const text = await response.text();
    // Every page has the heading.
    parts.push(parts.length === 0 ? text : text.slice(text.indexOf('\n') + 1));
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  save(new Blob(parts, { type: 'text/csv' }), name);
  return next === undefined ? 'all' : 'newest';
}

function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the file over when the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
