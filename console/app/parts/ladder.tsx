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

export type LadderResult = {
  readonly reach: string;
  readonly message: string;
  readonly advice: string;
  readonly stages: readonly Stage[];
};

/**
 * What a probe or check found: the verdict in words, then each stage with its time. Until there is a result, the stages that
 * have finished.
 */
export function Ladder({
  result,
  stages,
}: {
  readonly result: LadderResult | undefined;
  readonly stages: readonly Stage[];
}) {
  const isReady = result?.reach === 'ready';
  return (
    <div className="ladder" aria-busy={result === undefined}>
      {result === undefined ? (
        <div>
          <Badge tone="info" word="Running" />{' '}
          <span className="soft">{stages.length === 0 ? 'The agent is asked.' : 'The next stage runs.'}</span>
        </div>
      ) : (
        <div>
          <Badge tone={isReady ? 'ok' : 'bad'} word={isReady ? 'Reached' : `Stopped at ${result.reach}`} />{' '}
          {result.message}
          {result.advice !== '' && <p className="soft">{result.advice}</p>}
        </div>
      )}
      <ol className="ladder-stages">
        {numbered(result?.stages ?? stages).map(({ number, stage, verdict, milliseconds: taken, detail }) => (
          <li key={number} className="ladder-stage">
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

/** Another attempt, with another kind of TLS, has stages of the same names. */
const numbered = (stages: readonly Stage[]) => stages.map((stage, number) => ({ ...stage, number }));

const tones: Readonly<Record<Stage['verdict'], Tone>> = { ok: 'ok', failed: 'bad', skipped: 'off' };
