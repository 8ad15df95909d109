import { useParams } from 'wouter';
import { Page } from '../../parts/page.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { choiceField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { useConnections } from '../connections/use-connections.ts';
import { ConnectionLogView } from './connection-log.tsx';
import { ConnectionStrings } from './connection-strings.tsx';
import { ConnectionSummary } from './connection-summary.tsx';
import { ExplanationView } from './explanation-view.tsx';

const fields = { tab: choiceField(['explain', 'clients', 'log', 'strings'], 'explain') };
const tabs = [
  { key: 'explain', title: 'Explain' },
  { key: 'clients', title: 'Clients now' },
  { key: 'log', title: 'Log' },
  { key: 'strings', title: 'Connection strings' },
] as const;

/** Which hop fails, who is connected, and how earlier connections ended. */
export function ConnectionPage() {
  const { name = '' } = useParams<{ name: string }>();
  const [{ tab }, change] = useUrlState(fields);
  const connections = useConnections();
  const connection = connections.data?.items.find((each) => each.name === name);
  return (
    <Page title={name} lead={connection !== undefined && <ConnectionSummary connection={connection} />}>
      <Tabs
        label="Connection"
        items={tabs}
        selected={tab}
        onSelect={(next) => change({ tab: next }, 'push')}
      />
      {tab === 'explain' && <ExplanationView name={name} />}
      {tab === 'clients' && <ConnectionLogView connection={name} only="open" />}
      {tab === 'log' && <ConnectionLogView connection={name} />}
      {tab === 'strings' && <ConnectionStrings name={name} />}
    </Page>
  );
}
