import { Link } from 'wouter';
import { actorText } from './actor-text.ts';

/** The page of what an alert, an approval or an audit entry is about: `agent:a1`, `connector:dc1/a1/orders-db`. */
export function SubjectLink({ subject }: { readonly subject: string }) {
  const [kind = '', rest = ''] = [
    subject.slice(0, subject.indexOf(':')),
    subject.slice(subject.indexOf(':') + 1),
  ];
  const href = hrefOf(kind, rest);
  return href === undefined ? (
    <ShortSubject subject={subject} />
  ) : (
    <span>
      <Link href={href} className="break">
        {kind === 'connector' ? rest.split('/').slice(1).join(' · ') : rest}
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
function hrefOf(kind: string, rest: string): string | undefined {
  const isName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(rest) && !/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(rest);
  if (kind === 'connector') return `/agents/${rest.split('/')[1] ?? ''}`;
  if (!isName) return undefined;
  if (kind === 'agent') return `/agents/${rest}`;
  if (kind === 'pool') return `/pools/${rest}`;
  if (kind === 'connection') return `/connections/${rest}`;
  return undefined;
}
