/** The parts of a subject such as `agent:a1` or `connector:dc1/a1/orders-db`. That of the gateway has no name: `gateway`. */
export function subjectParts(subject: string): { readonly kind: string; readonly name: string } {
  const at = subject.indexOf(':');
  return at === -1
    ? { kind: subject, name: '' }
    : { kind: subject.slice(0, at), name: subject.slice(at + 1) };
}

/** What a subject names, as far as the console has a page for it. */
export type SubjectNames = {
  readonly agent?: string | undefined;
  readonly pool?: string | undefined;
  readonly connection?: string | undefined;
  readonly rollout?: string | undefined;
};

export function namesIn(subject: string): SubjectNames {
  const { kind, name } = subjectParts(subject);
  switch (kind) {
    case 'agent':
      return { agent: name };
    case 'pool':
      return { pool: name };
    case 'connection':
      return { connection: name };
    case 'rollout':
      return { rollout: name };
    case 'connector': {
      const [pool, agent] = name.split('/');
      return { pool, agent };
    }
    default:
      return {};
  }
}
