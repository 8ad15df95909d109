import { isAbsolute } from 'node:path';
import { accepted, type FieldResult, refused } from './field-result.ts';
import { isHomePath, refusedHomePath } from './home-path.ts';

/** Where an agent fetches releases from. */
export type ReleaseSource =
  | { readonly kind: 'gateway' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'directory'; readonly path: string };

/** Writes a source as `parseReleaseSource` reads it. */
export function formatReleaseSource(source: ReleaseSource): string {
  if (source.kind === 'gateway') return 'gateway';
  return source.kind === 'url' ? source.url : source.path;
}

/** For editors; the parser checks more. */
export const releaseSourcePattern = '^(gateway|https?://.+|/.*|[A-Za-z]:[\\\\/].*)$';

/** Parses `gateway`, the URL of a mirror, or an absolute path. Releases are signed, so http:// is enough for a mirror. */
export function parseReleaseSource(text: string): FieldResult<ReleaseSource> {
  if (text === 'gateway') return accepted({ kind: 'gateway' });
  if (isAbsolute(text)) return accepted({ kind: 'directory', path: text });
  if (isHomePath(text)) return refusedHomePath();
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '') {
    if (url.username !== '' || url.password !== '') {
      return refused(
        'CREDENTIALS_IN_URL',
        'must not contain credentials',
        'Remove the part before the @: releases are signed, and not secret.',
      );
    }
    if (url.search !== '' || url.hash !== '')
      return refused('INVALID_URL', 'must not have a query or a fragment', 'Write the URL of the folder.');
    return accepted({ kind: 'url', url: url.href.endsWith('/') ? url.href : `${url.href}/` });
  }
  return refused(
    'INVALID_URL',
    'must be gateway, a URL, or an absolute path',
    'Write gateway, the folder of a mirror (https://mirror.example.com/penstock/), or a directory of this host.',
  );
}
