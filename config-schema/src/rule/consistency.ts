import { keyBelongsTo } from '../field/pem.ts';
import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';

/** Checks that the duration at `shorter` does not exceed the one at `longer`. */
export function checkOrder(view: FileView, shorter: Path, longer: Path): void {
  const least = view.read('duration', shorter);
  const most = view.read('duration', longer);
  if (least === undefined || most === undefined || least <= most) return;
  view.report(
    'INCONSISTENT',
    shorter,
    `is longer than ${view.words(longer)}`,
    'Shorten it or lengthen the other.',
  );
}

/** Checks that the private key belongs to the certificate. */
export function checkKeyOfCertificate(
  view: FileView,
  pair: 'agentCa' | 'tunnelTls' | 'adminTls' | 'ingressTls',
): void {
  const certificate = view.read('certificate', [pair, 'certificate']);
  const key = view.read('privateKey', [pair, 'key']);
  if (certificate === undefined || key === undefined || keyBelongsTo(certificate, key)) return;
  view.report(
    'INCONSISTENT',
    [pair, 'key'],
    `does not match \`${pair}.certificate\``,
    'Use the key that belongs to the leaf certificate, which must be first in the chain.',
  );
}

/** Checks that a gateway with an identity provider says where the provider sends browsers back to. */
export function checkSignIn(view: FileView): void {
  if (!view.has(['signIn', 'oidc', 'issuer']) || view.has(['console', 'url'])) return;
  view.report(
    'INCONSISTENT',
    ['signIn', 'oidc'],
    'requires `console.url`, to which the provider sends browsers back',
    'Set console.url to the URL at which browsers reach the console.',
  );
}

/** Addresses that mean every address of a host, at which nobody else can reach it. */
const UNSPECIFIED = new Set(['0.0.0.0', '::']);

/** Checks that the other replicas can reach this one. */
export function checkCluster(view: FileView): void {
  if (!view.has(['cluster'])) return;
  const listen = view.read('listen', ['cluster', 'listen']);
  if (listen === undefined || view.has(['cluster', 'advertise']) || !UNSPECIFIED.has(listen.host)) return;
  view.report(
    'INCONSISTENT',
    ['cluster', 'listen'],
    'names no address at which the other replicas can reach this one',
    'Set cluster.advertise to its address and port, such as `${env:POD_IP}:8444`.',
  );
}
