import { useLocation, useParams } from 'wouter';
import { useMissingRole } from '../../frame/session-context.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { AdminTokens } from './admin-tokens.tsx';
import { ConsoleSessions } from './console-sessions.tsx';
import { EnrollmentTokens } from './enrollment-tokens.tsx';
import { Grants } from './grants.tsx';

const tabs = [
  { key: 'enrollment-tokens', title: 'Enrollment tokens' },
  { key: 'grants', title: 'Grants' },
  { key: 'admin-tokens', title: 'Admin tokens' },
  { key: 'sessions', title: 'Console sessions' },
] as const;

/** Who may come in: agents by tokens, clients by grants, people and programs by admin tokens. */
export function AccessPage() {
  const { what } = useParams<{ what?: string }>();
  const [, navigate] = useLocation();
  const selected = tabs.find(({ key }) => key === what)?.key ?? 'enrollment-tokens';
  const missing = useMissingRole('admin');
  return (
    <Page
      title="Access"
      lead="Agents come in with enrollment tokens, clients with grants, people and programs with admin tokens"
    >
      <Tabs label="Access" items={tabs} selected={selected} onSelect={(key) => navigate(`/access/${key}`)} />
      {selected === 'enrollment-tokens' && <EnrollmentTokens />}
      {selected === 'grants' && <Grants />}
      {selected === 'admin-tokens' && (missing === undefined ? <AdminTokens /> : <Empty title={missing} />)}
      {selected === 'sessions' && <ConsoleSessions />}
    </Page>
  );
}
