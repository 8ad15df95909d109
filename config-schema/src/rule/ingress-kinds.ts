import type { FileView } from './file-view.ts';
import { type IngressView, ingressOf } from './ingress-view.ts';

/** Fields that only some kinds of ingress have. */
const belongsTo = {
  mode: ['sni'],
  tls: ['httpConnect'],
} as const;

/** Checks that each field exists for its kind of ingress, and that the target's protocol can use that kind. */
export function checkIngressKinds(view: FileView): void {
  for (const ingress of ingressOf(view)) {
    checkFields(view, ingress);
    checkGrant(view, ingress);
    checkProtocol(view, ingress);
  }
}

function checkFields(view: FileView, { path, kind }: IngressView): void {
  for (const [field, kinds] of Object.entries(belongsTo)) {
    if (!view.has([...path, field]) || kinds.some((each) => each === kind)) continue;
    const what = `is not a field of \`${kind}\`, only of \`${kinds.join('`, `')}\``;
    view.report('INCONSISTENT', [...path, field], what, 'Remove it.');
  }
}

function checkGrant(view: FileView, { path, kind }: IngressView): void {
  if (kind !== 'tcp' && kind !== 'sni') return;
  if (view.text([...path, 'grant']) !== 'required') return;
  const what = `is \`required\`, but clients of \`${kind}\` cannot present a grant`;
  const suggestion = 'Remove it and keep `allow` narrow, or use `socks5` or `httpConnect`.';
  view.report('INCONSISTENT', [...path, 'grant'], what, suggestion);
}

function checkProtocol(view: FileView, { connection, path, kind }: IngressView): void {
  if (kind !== 'sni' || view.text([...connection, 'kind']) !== 'mysql') return;
  view.report(
    'INCONSISTENT',
    [...path, 'sni'],
    'cannot be used with MySQL, whose server sends first, before the client can send a server name',
    'Use `tcp`, `socks5`, or `httpConnect` for this connection.',
  );
}
