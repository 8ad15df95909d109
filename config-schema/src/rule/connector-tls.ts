import { keyBelongsTo } from '../field/pem.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

/** The target's protocol can begin with TLS, and certificate and key come as a pair. */
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
      'asks for TLS with a MySQL server, which speaks first and agrees on TLS in the middle of its own protocol',
      'Leave it out: the client speaks TLS with the server itself, through `tcp`, `socks5` or `httpConnect`.',
    );
  }
  if (kind === undefined || kind === 'postgresql' || view.text([...path, 'mode']) !== 'prefer') return;
  view.report(
    'INCONSISTENT',
    [...path, 'mode'],
    'is `prefer`, and only a PostgreSQL server says whether it speaks TLS',
    'Write `verify-full`, `require` or `disable`.',
  );
}

function checkPair(view: FileView, path: Path): void {
  const missing = (there: string, absent: string) =>
    view.report(
      'INCONSISTENT',
      [...path, there],
      `stands without \`${absent}\``,
      'Give both, or leave both out.',
    );
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
    'is not the key of the `certificate` beside it',
    'Refer to the pair that was issued together, with the own certificate first in the chain.',
  );
}
