import { keyBelongsTo } from '../field/pem.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

/** Durations of one group whose order matters. */
export function checkOrder(view: FileView, shorter: Path, longer: Path): void {
  const least = view.read('duration', shorter);
  const most = view.read('duration', longer);
  if (least === undefined || most === undefined || least <= most) return;
  view.report(
    'INCONSISTENT',
    shorter,
    `is longer than ${view.words(longer)}`,
    'Shorten the one or lengthen the other.',
  );
}

/** The private key is the one of the certificate. */
export function checkKeyOfCertificate(view: FileView, pair: 'tunnelTls' | 'adminTls' | 'ingressTls'): void {
  const certificate = view.read('certificate', [pair, 'certificate']);
  const key = view.read('privateKey', [pair, 'key']);
  if (certificate === undefined || key === undefined || keyBelongsTo(certificate, key)) return;
  view.report(
    'INCONSISTENT',
    [pair, 'key'],
    `is not the key of \`${pair}.certificate\``,
    'Refer to the pair that was issued together, with the own certificate first in the chain.',
  );
}
