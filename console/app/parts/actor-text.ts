/** Characters of an id that people compare: the last ones differ, the first ones are the time. */
const SHOWN = 6;

/** The parts of an actor of the audit trail: `admin-token:01a218610e7005e2a2bc`, `host`, `oidc:https://id.example.com alice`. */
export function actorText(actor: string): { readonly kind: string; readonly id: string } {
  const at = actor.indexOf(':');
  if (at === -1) return { kind: actor, id: '' };
  const [kind, id] = [actor.slice(0, at), actor.slice(at + 1)];
  // `oidc:ISSUER SUBJECT`: people know the subject. An issuer has no space, a subject can.
  if (kind === 'oidc') return { kind, id: id.slice(id.indexOf(' ') + 1) };
  return {
    kind,
    id: /^[0-9a-f]{16,}$|^agt_[0-9a-f]+$|^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id) ? `…${id.slice(-SHOWN)}` : id,
  };
}
