import './ladder.css';
import { milliseconds } from '../time/format.ts';
import { Badge, Mark, type Tone } from './state.tsx';

export type Stage = {
  readonly stage: string;
  readonly verdict: 'ok' | 'failed' | 'skipped';
  readonly milliseconds?: number;
  readonly detail?: string;
};

const names: Readonly<Record<string, string>> = {
  policy: 'Allowed by the agent’s policy',
  dns: 'Name resolved',
  tcp: 'TCP connection',
  protocol: 'Protocol',
  tls: 'TLS',
};

/** What a probe or check found: the verdict in words, then each step with its time. */
export function Ladder({
  result,
}: {
  readonly result: {
    readonly reach: string;
    readonly message: string;
    readonly advice: string;
    readonly stages: readonly Stage[];
  };
}) {
  const isReady = result.reach === 'ready';
  return (
    <div className="ladder">
      <div>
        <Badge tone={isReady ? 'ok' : 'bad'} word={isReady ? 'Reached' : `Stopped at ${result.reach}`} />{' '}
        {result.message}
        {result.advice !== '' && <p className="soft">{result.advice}</p>}
      </div>
      <ol className="ladder-stages">
        {result.stages.map(({ stage, verdict, milliseconds: taken, detail }) => (
          <li key={stage} className="ladder-stage">
            <Mark
              shape={verdict === 'ok' ? 'disc' : verdict === 'failed' ? 'diamond' : 'ring'}
              tone={tones[verdict]}
            />
            <span>
              {names[stage] ?? stage} <span className="hidden-text">{verdict}</span>
            </span>
            <span className="faint">
              {taken === undefined ? (verdict === 'skipped' ? 'not tried' : '') : milliseconds(taken)}
            </span>
            {detail !== undefined && <span className="ladder-detail soft">{detail}</span>}
          </li>
        ))}
      </ol>
    </div>
  );
}

const tones: Readonly<Record<Stage['verdict'], Tone>> = { ok: 'ok', failed: 'bad', skipped: 'off' };
