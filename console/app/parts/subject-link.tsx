import { Link } from 'wouter';
import { actorText } from './actor-text.ts';
import { subjectParts } from './subject.ts';

/** The page of what an alert, an approval or an audit entry is about: `agent:a1`, `connector:dc1/a1/orders-db`. */
export function SubjectLink({ subject }: { readonly subject: string }) {
  const { kind, name } = subjectParts(subject);
  const href = hrefOf(kind, name);
  return href === undefined ? (
    <ShortSubject subject={subject} />
  ) : (
    <span>
      <Link href={href} className="break">
        {kind === 'connector' ? name.split('/').slice(1).join(' · ') : name}
      </Link>{' '}
      <span className="faint small nowrap">{kind}</span>
    </span>
  );
}

function ShortSubject({ subject }: { readonly subject: string }) {
  const { kind, id } = actorText(subject);
  return (
    <span title={subject} className="nowrap">
      {kind} <code className={id.startsWith('…') ? 'faint nowrap' : 'faint break'}>{id}</code>
    </span>
  );
}

/** Subjects with an id instead of a name have no page that the id leads to. */
function hrefOf(kind: string, name: string): string | undefined {
  const isName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name) && !/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name);
  if (kind === 'connector') return `/agents/${name.split('/')[1] ?? ''}`;
  if (!isName) return undefined;
  if (kind === 'agent') return `/agents/${name}`;
  if (kind === 'pool') return `/pools/${name}`;
  if (kind === 'connection') return `/connections/${name}`;
  return undefined;
}
