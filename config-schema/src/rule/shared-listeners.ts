import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';
import { type IngressView, ingressOf, listenPath } from './ingress-view.ts';

/** Checks that connections sharing a port have the same settings for it and different host names. */
export function checkSharedListeners(view: FileView): void {
  const first = new Map<string, IngressView>();
  const hosts = new Map<string, Path>();
  for (const ingress of ingressOf(view)) {
    const { path, kind } = ingress;
    const listen = view.text(listenPath(path, kind));
    if (kind === 'tcp' || listen === undefined) continue;
    const key = `${kind} ${listen}`;
    if (kind === 'sni') checkHost(view, [...path, 'sni', 'host'], key, hosts);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, ingress);
    else checkAgreement(view, earlier, ingress);
  }
}

function checkHost(view: FileView, path: Path, listener: string, hosts: Map<string, Path>): void {
  const host = view.read('serverName', path);
  if (host === undefined) return;
  const key = `${listener} ${host}`;
  const earlier = hosts.get(key);
  if (earlier === undefined) hosts.set(key, path);
  else {
    const what = `is also the host of ${view.words(earlier)}, on the same port`;
    view.report('DUPLICATE_NAME', path, what, 'Give each connection on a port its own host name.');
  }
}

function checkAgreement(view: FileView, one: IngressView, other: IngressView): void {
  const disagree = (field: string, more: string) =>
    view.report(
      'INCONSISTENT',
      view.has([...other.path, field]) ? [...other.path, field] : other.path,
      `shares its port with ${view.words(one.path)}, but ${more}`,
      'Use the same value in both, or a separate port for one of them.',
    );
  const tls = (path: Path) => (view.has([...path, 'tls']) ? view.text([...path, 'tls']) : 'on');
  const [oneTls, otherTls] = [tls(one.path), tls(other.path)];
  if (oneTls !== undefined && otherTls !== undefined && oneTls !== otherTls) {
    disagree('tls', '`tls` differs');
  }
  const ranges = (path: Path) =>
    view
      .items([...path, 'proxyProtocol', 'from'])
      .map((item) => view.text(item) ?? '')
      .toSorted()
      .join(' ');
  if (ranges(one.path) !== ranges(other.path)) {
    disagree('proxyProtocol', '`proxyProtocol` differs');
  }
}
