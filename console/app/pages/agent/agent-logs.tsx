import { useState } from 'react';
import { clock } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Agent, AgentLogs } from '../../api/types.ts';
import { RoleButton } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Card } from '../../parts/page.tsx';
import { Empty, Partial } from '../../parts/query-states.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Select } from '../../parts/select.tsx';
import { useAction } from '../../parts/use-action.ts';
import { choiceField, textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { logLevels, logs } from './agent-api.ts';
import { readLine } from './log-line.ts';
import { refusalOf } from './refusal.ts';

const fields = {
  level: choiceField(logLevels, 'info'),
  lines: choiceField(['200', '1000', '5000'], '200'),
  since: choiceField(['any', '5m', '1h', '6h', '24h'], 'any'),
  text: textField(),
};

const MINUTE = 60_000;
const ages = {
  any: { text: 'any time', ms: undefined },
  '5m': { text: '5 minutes ago', ms: 5 * MINUTE },
  '1h': { text: '1 hour ago', ms: 60 * MINUTE },
  '6h': { text: '6 hours ago', ms: 6 * 60 * MINUTE },
  '24h': { text: '24 hours ago', ms: 24 * 60 * MINUTE },
} as const;

/** The longest text that an agent searches for. */
const MAX_TEXT_LENGTH = 128;

/** Recent log lines. They are asked of the agent, and audited: only a click asks for them. */
export function AgentLogView({ agent }: { readonly agent: Agent }) {
  const { name } = agent;
  const operation = agent.operations.logs;
  const [{ level, lines, since, text }, change] = useUrlState(fields);
  const [answer, setAnswer] = useState<AgentLogs>();
  const { ms } = ages[since];
  const [isWrapped, setWrapped] = useState(true);
  const { run, isBusy } = useAction(logs, { stale: [resource.audit], failed: 'The logs were not loaded.' });
  return (
    <Card
      title="Logs"
      isFlush
      aside={
        <>
          <SearchField
            label="Only lines that contain this"
            placeholder="Containing"
            value={text}
            onChange={(next) => change({ text: next })}
          />
          <Select
            label="Level"
            value={level}
            choices={logLevels}
            onChange={(next) => change({ level: next })}
          />
          <Select
            label="Since"
            value={since}
            choices={fields.since.choices}
            textOf={(choice) => ages[choice].text}
            onChange={(next) => change({ since: next })}
          />
          <Select
            label="Lines"
            value={lines}
            choices={fields.lines.choices}
            onChange={(next) => change({ lines: next })}
          />
          <label>
            <input
              type="checkbox"
              checked={isWrapped}
              onChange={(event) => setWrapped(event.target.checked)}
            />{' '}
            Wrap
          </label>
          <RoleButton
            needs="operator"
            size="small"
            kind="primary"
            unavailable={refusalOf(operation)}
            needsApproval={operation.approval}
            isBusy={isBusy}
            onClick={() =>
              void run(name, {
                limit: Number(lines),
                level,
                ...(ms !== undefined && { since: new Date(clock.now() - ms).toISOString() }),
                ...(text.trim() !== '' && { text: text.trim().slice(0, MAX_TEXT_LENGTH) }),
              }).then((next) => next !== undefined && setAnswer(next))
            }
          >
            {answer === undefined ? 'Ask the agent' : 'Ask again'}
          </RoleButton>
        </>
      }
    >
      {answer === undefined ? (
        <Empty title="Logs stay on the agent’s host until you ask for them.">
          The agent redacts secrets before it sends them. The audit trail records who asked.
        </Empty>
      ) : (
        <LogLines answer={answer} isWrapped={isWrapped} />
      )}
    </Card>
  );
}

function LogLines({ answer, isWrapped }: { readonly answer: AgentLogs; readonly isWrapped: boolean }) {
  const omitted = Object.entries(answer.omitted);
  const redacted = Object.values(answer.redactions).reduce((sum, each) => sum + each, 0);
  const read = answer.lines.map((line, index) => readLine(line, index));
  return (
    <>
      {omitted.length > 0 && (
        <Partial>
          Left out by the agent: {omitted.map(([reason, number]) => `${number} ${reason}`).join(', ')}.
        </Partial>
      )}
      {read.length === 0 && <Empty title="The agent has no such lines." />}
      <Scroll label="Log lines" className={`log-lines ${isWrapped ? 'log-lines-wrap' : ''}`}>
        {read.map(({ key, time, level, text }) => (
          <div key={key} className="log-line">
            <span className="faint">{time}</span>
            <span className={`log-${level}`}>{level}</span>
            <span>{text}</span>
          </div>
        ))}
      </Scroll>
      <div className="card-body check-now-line">
        <span className="soft">
          {answer.lines.length} lines, {redacted} redactions
        </span>
        <CopyButton
          label="Copy the lines as JSON"
          text={answer.lines.map((line) => JSON.stringify(line)).join('\n')}
        />
      </div>
    </>
  );
}
