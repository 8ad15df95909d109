import { keyBelongsTo } from '../field/pem.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

/** Checks that the target's protocol can begin with TLS and that certificate and key match. */
export function checkConnectorTls(view: FileView): void {
  for (const connector of view.items(['connectors'])) {
    const path = [...connector, 'tls'];
    if (!view.has(path)) continue;
    checkProtocol(view, path, view.text([...connector, 'kind']));
    checkPair(view, path);
  }
}

function checkProtocol(view: FileView, path: Path, kind: string | undefined): void {
  if (kind === 'mysql') {
    view.report(
      'INCONSISTENT',
      path,
      'is not supported for MySQL, whose server sends first and negotiates TLS within its own protocol',
      'Remove it: the client negotiates TLS with the server itself, through `tcp`, `socks5`, or `httpConnect`.',
    );
  }
  if (kind === undefined || kind === 'postgresql' || view.text([...path, 'mode']) !== 'prefer') return;
  view.report(
    'INCONSISTENT',
    [...path, 'mode'],
    'is `prefer`, but only PostgreSQL servers announce whether they support TLS',
    'Use `verify-full`, `require`, or `disable`.',
  );
}

function checkPair(view: FileView, path: Path): void {
  const missing = (there: string, absent: string) =>
    view.report('INCONSISTENT', [...path, there], `requires \`${absent}\``, 'Set both, or remove both.');
  const hasCertificate = view.has([...path, 'certificate']);
  const hasKey = view.has([...path, 'key']);
  if (hasCertificate && !hasKey) missing('certificate', 'key');
  if (hasKey && !hasCertificate) missing('key', 'certificate');
  const certificate = view.read('certificate', [...path, 'certificate']);
  const key = view.read('privateKey', [...path, 'key']);
  if (certificate === undefined || key === undefined || keyBelongsTo(certificate, key)) return;
  view.report(
    'INCONSISTENT',
    [...path, 'key'],
    'does not match `certificate`',
    'Use the key that belongs to the leaf certificate, which must be first in the chain.',
  );
}
