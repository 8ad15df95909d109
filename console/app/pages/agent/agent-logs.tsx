import { useState } from 'react';
import { resource } from '../../api/keys.ts';
import type { AgentLogs } from '../../api/types.ts';
import { RoleButton } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Card } from '../../parts/page.tsx';
import { Empty, Partial } from '../../parts/query-states.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { useAction } from '../../parts/use-action.ts';
import { choiceField, textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { type LogLevel, logLevels, logs } from './agent-api.ts';
import { readLine } from './log-line.ts';

const fields = {
  level: choiceField(logLevels, 'info'),
  lines: choiceField(['200', '1000', '5000'], '200'),
  text: textField(),
};

/** The longest text that an agent searches for. */
const MAX_TEXT_LENGTH = 128;

/** Recent log lines. They are asked of the agent, and audited: only a click asks for them. */
export function AgentLogView({ name }: { readonly name: string }) {
  const [{ level, lines, text }, change] = useUrlState(fields);
  const [answer, setAnswer] = useState<AgentLogs>();
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
          <label>
            Level{' '}
            <select
              value={level}
              className="input-small"
              onChange={(event) => change({ level: event.target.value as LogLevel })}
            >
              {logLevels.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label>
            Lines{' '}
            <select
              value={lines}
              className="input-small"
              onChange={(event) => change({ lines: event.target.value as '200' })}
            >
              {fields.lines.choices.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
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
            isBusy={isBusy}
            onClick={() =>
              void run(name, {
                limit: Number(lines),
                level,
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
      {read.length === 0 && <Empty title="The agent has no lines of this level." />}
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
