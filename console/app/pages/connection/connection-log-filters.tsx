import type { paths } from '#openapi';
import { PeriodSelect, periodField } from '../../parts/period.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Select } from '../../parts/select.tsx';
import { choiceField, textField, type UrlValues } from '../../url/url-state.ts';

type Query = NonNullable<paths['/api/v1/connection-log']['get']['parameters']['query']>;
type Code = NonNullable<Query['code']>;

/** How a connection can have ended. Its type misses none and has none that the gateway would refuse. */
const codes: Readonly<Record<Code, true>> = {
  ok: true,
  AGENT_DRAINING: true,
  AGENT_OVERLOADED: true,
  AGENT_TIMEOUT: true,
  CLIENT_DENIED: true,
  CLIENT_GONE: true,
  CLIENT_RESET: true,
  CONFIG_DRIFT: true,
  DIAL_TIMEOUT: true,
  DNS_FAILED: true,
  DRAIN_TIMEOUT: true,
  GATEWAY_STOPPED: true,
  GRANT_INVALID: true,
  HALF_CLOSED_TIMEOUT: true,
  IDENTITY_EXPIRED: true,
  IDENTITY_REVOKED: true,
  IDENTITY_UNKNOWN: true,
  IDLE_TIMEOUT: true,
  INTERNAL: true,
  LIMIT_EXCEEDED: true,
  NO_AGENT: true,
  OPERATOR_CLOSED: true,
  POLICY_DENIED: true,
  PROTOCOL_ERROR: true,
  QUEUE_FULL: true,
  QUEUE_TIMEOUT: true,
  REFUSED: true,
  RESUME_UNKNOWN: true,
  SESSION_LOST: true,
  TARGET_RESET: true,
  TLS_FAILED: true,
  UNKNOWN_CONNECTOR: true,
  UNREACHABLE: true,
  VERSION_UNSUPPORTED: true,
};
const states = ['any', 'open', 'closed', 'failed', 'denied'] as const;

export const logFields = {
  state: choiceField(states, 'any'),
  code: choiceField(['any', ...(Object.keys(codes) as Code[])], 'any'),
  period: periodField,
  client: textField(),
  agent: textField(),
};
export type LogFilter = UrlValues<typeof logFields>;
export const noFilter: LogFilter = { state: 'any', code: 'any', period: 'any', client: '', agent: '' };

/** Which connections are listed. Those that are open now have no end to choose by. */
export function ConnectionLogFilters({
  filter,
  only,
  change,
}: {
  readonly filter: LogFilter;
  readonly only: 'open' | undefined;
  readonly change: (changes: Partial<LogFilter>) => void;
}) {
  return (
    <search className="filters">
      {only === undefined && (
        <>
          <Select
            label="State"
            value={filter.state}
            choices={states}
            onChange={(state) => change({ state })}
          />
          <Select
            label="Code"
            value={filter.code}
            choices={logFields.code.choices}
            onChange={(code) => change({ code })}
          />
          <PeriodSelect value={filter.period} onChange={(period) => change({ period })} />
        </>
      )}
      <SearchField
        label="Client address, grant, or certificate subject"
        placeholder="Client or grant"
        value={filter.client}
        onChange={(client) => change({ client })}
      />
      <SearchField
        label="Agent"
        placeholder="Agent"
        value={filter.agent}
        onChange={(agent) => change({ agent })}
      />
    </search>
  );
}
