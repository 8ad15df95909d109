import { Link } from 'wouter';
import { DELETE, GET, inBackground, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { EnrollmentToken } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { Card } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { Badge, type Tone } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { Listing } from './listing.tsx';
import { RevokeButton } from './revoke-button.tsx';
import { useListing } from './use-listing.ts';

const tones: Readonly<Record<EnrollmentToken['state'], Tone>> = {
  usable: 'ok',
  exhausted: 'off',
  expired: 'off',
  revoked: 'off',
};
const words: Readonly<Record<EnrollmentToken['state'], string>> = {
  usable: 'Usable',
  exhausted: 'Used up',
  expired: 'Expired',
  revoked: 'Revoked',
};

const revoke = (id: string) =>
  perform(DELETE('/api/v1/enrollment-tokens/{id}', { params: { path: { id } } }));

export function EnrollmentTokens() {
  const listing = useListing<EnrollmentToken>([resource.enrollmentTokens], (cursor) =>
    GET('/api/v1/enrollment-tokens', {
      params: { query: cursor === undefined ? {} : { cursor } },
      headers: inBackground,
    }),
  );
  return (
    <Card
      isFlush
      title="Enrollment tokens"
      aside={
        <Link className="button button-small button-primary" href="/add-agent">
          Add agent
        </Link>
      }
    >
      <Listing
        {...listing}
        what="the enrollment tokens"
        empty={
          <Empty title="No token has been created." command="penstock-gateway token create --pool dc1">
            An agent uses a token once, to obtain its identity.
          </Empty>
        }
      >
        {(items) => (
          <Table
            label="Enrollment tokens"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              { key: 'id', title: 'Token', isMain: true, cell: ({ id }) => <code>{id}</code> },
              {
                key: 'state',
                title: 'State',
                cell: ({ state }) => <Badge tone={tones[state]} word={words[state]} />,
              },
              { key: 'pool', title: 'Pool', cell: ({ pool }) => <Link href={`/pools/${pool}`}>{pool}</Link> },
              {
                key: 'uses',
                title: 'Uses left',
                isNumber: true,
                cell: ({ uses, usesLeft }) => `${usesLeft} of ${uses}`,
              },
              {
                key: 'limits',
                title: 'Limited to',
                isEmpty: ({ namePattern, sources }) => namePattern === undefined && sources === undefined,
                cell: ({ namePattern, sources }) =>
                  [namePattern, ...(sources ?? [])].filter(Boolean).join(', ') || (
                    <span className="faint">any name and address</span>
                  ),
              },
              { key: 'expires', title: 'Expires', cell: ({ expiresAt }) => <Age at={expiresAt} /> },
              {
                key: 'by',
                title: 'Created by',
                cell: ({ createdBy }) => <Actor actor={createdBy} />,
              },
              {
                key: 'revoke',
                title: 'Revoke',
                isAction: true,
                isEmpty: ({ state }) => state !== 'usable',
                cell: ({ id, state }) =>
                  state === 'usable' && (
                    <RevokeButton
                      needs="admin"
                      name={id}
                      consequence="No agent can enroll with it any more. Agents that have enrolled already are not affected."
                      send={() => revoke(id)}
                      stale={[resource.enrollmentTokens]}
                    />
                  ),
              },
            ]}
          />
        )}
      </Listing>
    </Card>
  );
}
