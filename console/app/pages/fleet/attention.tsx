import './attention.css';
import { Link } from 'wouter';
import type { AttentionItem } from '../../api/types.ts';
import { Card } from '../../parts/page.tsx';
import { Failed, Partial, Skeleton } from '../../parts/query-states.tsx';
import { Badge, type Tone } from '../../parts/state.tsx';
import { Age, TimeOf } from '../../parts/time.tsx';
import { count, counted, withShortDigests } from '../../time/format.ts';
import { agentsOf, inOrder, keyOf, placeOf, remedyForGroup } from './attention-text.ts';
import { useAttention } from './fleet-api.ts';

const tones: Readonly<Record<AttentionItem['severity'], Tone>> = {
  critical: 'bad',
  warning: 'warn',
  notice: 'info',
};
const words: Readonly<Record<AttentionItem['severity'], string>> = {
  critical: 'Critical',
  warning: 'Warning',
  notice: 'Notice',
};

/** What is wrong, grouped, with what it affects and what to do: the first thing that is seen. */
export function Attention() {
  const query = useAttention();
  const { data } = query;
  if (data === undefined) {
    return query.error === null ? (
      <Skeleton lines={2} />
    ) : (
      <Failed
        what="what needs attention"
        error={query.error}
        isBusy={query.isFetching}
        retry={() => void query.refetch()}
      />
    );
  }
  const wrong = inOrder(data.items.filter(({ severity }) => severity !== 'notice'));
  const notices = data.items.filter(({ severity }) => severity === 'notice');
  return (
    <Card
      isFlush
      {...(wrong.length > 0 && {
        tone: wrong.some(({ severity }) => severity === 'critical') ? 'bad' : 'warn',
      })}
      title={<span id="attention">Attention</span>}
      aside={
        wrong.length === 0 ? <Badge tone="ok" word="Nothing is wrong" /> : counted(wrong.length, 'condition')
      }
    >
      {query.error !== null && (
        <Failed
          what="what needs attention"
          error={query.error}
          isBusy={query.isFetching}
          retry={() => void query.refetch()}
          isOld
        />
      )}
      {!data.complete && (
        <Partial>The store of the gateway is not available: some agents may be missing here.</Partial>
      )}
      {wrong.length > 0 && (
        <ul className="attention">
          {wrong.map((item) => (
            <Group key={keyOf(item)} item={item} />
          ))}
        </ul>
      )}
      {data.total > data.items.length && (
        <p className="empty soft">
          {count(data.total - data.items.length)} less severe conditions are not listed.
        </p>
      )}
      {notices.length > 0 && (
        <details className="attention-notices">
          <summary>{counted(notices.length, 'notice')}: what operators did on purpose</summary>
          <ul className="attention">
            {notices.map((item) => (
              <Group key={keyOf(item)} item={item} />
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

function Group({ item }: { readonly item: AttentionItem }) {
  const { severity, since, message, advice, detail, connections, connectionsTotal, code } = item;
  return (
    <li className="attention-item">
      <div className="attention-what">
        <Badge tone={tones[severity]} word={words[severity]} />
        <p className="attention-title">
          <strong>{placeOf(item)}</strong> {message}
        </p>
        {detail !== undefined && (
          <p className="break soft" title={detail}>
            {withShortDigests(detail)}
          </p>
        )}
        {advice !== '' && (
          <p>
            <span className="faint">What to do:</span> {advice}
          </p>
        )}
        <Remedy item={item} />
      </div>
      <div className="attention-who">
        <p className="soft">
          {since !== undefined && (
            <>
              since <TimeOf at={since} /> · <Age at={since} /> ·{' '}
            </>
          )}
          <code className="small">{code}</code>
        </p>
        {connectionsTotal > 0 && (
          <p>
            <span className="faint">Affects</span>{' '}
            {connections.map((name, index) => (
              <span key={name}>
                {index > 0 && ', '}
                <Link href={`/connections/${name}`}>
                  <strong>{name}</strong>
                </Link>
              </span>
            ))}
            {connectionsTotal > connections.length && ` and ${connectionsTotal - connections.length} more`}
          </p>
        )}
        <Agents item={item} />
      </div>
    </li>
  );
}

/** Where in the console the advice can be followed. */
function Remedy({ item }: { readonly item: AttentionItem }) {
  const remedy = remedyForGroup(item);
  return (
    remedy !== undefined && (
      <p>
        <Link href={remedy.href}>{remedy.text}</Link>
      </p>
    )
  );
}

function Agents({ item }: { readonly item: AttentionItem }) {
  const { agents, count: total } = item;
  if (total === 0) return null;
  return (
    <p>
      <span className="faint">{total === 1 ? 'Agent' : `${count(total)} agents`}</span>{' '}
      {agents.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          <Link href={`/agents/${name}`}>{name}</Link>
        </span>
      ))}
      {total > agents.length && (
        <>
          {' '}
          <Link href={agentsOf(item)}>show all</Link>
        </>
      )}
    </p>
  );
}
