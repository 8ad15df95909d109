import './state.css';
import type { ReactNode } from 'react';
import type { AgentState } from '../api/types.ts';

export type Tone = 'ok' | 'warn' | 'bad' | 'off' | 'info';
type Shape = 'disc' | 'triangle' | 'half' | 'ring' | 'broken' | 'diamond' | 'square' | 'slash';

/** A state is a shape, a word and a color: none of them alone. */
type Look = { readonly tone: Tone; readonly shape: Shape; readonly word: string };

export const agentLooks: Readonly<Record<AgentState, Look>> = {
  connected: { tone: 'ok', shape: 'disc', word: 'Connected' },
  degraded: { tone: 'warn', shape: 'triangle', word: 'Degraded' },
  draining: { tone: 'info', shape: 'half', word: 'Draining' },
  disconnected: { tone: 'bad', shape: 'ring', word: 'Disconnected' },
  stale: { tone: 'bad', shape: 'broken', word: 'Stale' },
  quarantined: { tone: 'bad', shape: 'diamond', word: 'Quarantined' },
  'identity-expired': { tone: 'bad', shape: 'square', word: 'Identity expired' },
  revoked: { tone: 'off', shape: 'slash', word: 'Revoked' },
};

export const toneLooks: Readonly<Record<Tone, Shape>> = {
  ok: 'disc',
  warn: 'triangle',
  bad: 'diamond',
  off: 'ring',
  info: 'half',
};

export function AgentStateBadge({ state }: { readonly state: AgentState }) {
  const { tone, shape, word } = agentLooks[state] ?? { tone: 'off', shape: 'ring', word: state };
  return <Badge tone={tone} shape={shape} word={word} />;
}

export function Badge({
  tone,
  word,
  shape,
}: {
  readonly tone: Tone;
  readonly word: string;
  readonly shape?: Shape;
}) {
  return (
    <span className={`state state-${tone}`}>
      <Mark shape={shape ?? toneLooks[tone]} />
      {word}
    </span>
  );
}

export function Mark({ shape, tone }: { readonly shape: Shape; readonly tone?: Tone }) {
  return (
    <svg
      className={`mark ${tone === undefined ? '' : `state-${tone}`}`}
      width="11"
      height="11"
      viewBox="0 0 12 12"
      aria-hidden="true"
    >
      {paths[shape]}
    </svg>
  );
}

const stroke = { fill: 'none', stroke: 'currentColor', strokeWidth: 2 } as const;
const paths: Readonly<Record<Shape, ReactNode>> = {
  disc: <circle cx="6" cy="6" r="5" fill="currentColor" />,
  triangle: <path d="M6 0.8 11.6 11H0.4z" fill="currentColor" />,
  half: (
    <>
      <circle cx="6" cy="6" r="4.6" {...stroke} strokeWidth="1.6" />
      <path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" fill="currentColor" />
    </>
  ),
  ring: <circle cx="6" cy="6" r="4.4" {...stroke} />,
  broken: <circle cx="6" cy="6" r="4.4" {...stroke} strokeDasharray="3.2 2.33" />,
  diamond: <path d="M6 0 12 6 6 12 0 6z" fill="currentColor" />,
  square: (
    <>
      <rect x="1.2" y="1.2" width="9.6" height="9.6" {...stroke} strokeWidth="1.6" />
      <path d="M3.6 3.6l4.8 4.8M8.4 3.6 3.6 8.4" stroke="currentColor" strokeWidth="1.6" />
    </>
  ),
  slash: (
    <>
      <circle cx="6" cy="6" r="4.6" {...stroke} strokeWidth="1.6" />
      <path d="M2.8 9.2l6.4-6.4" stroke="currentColor" strokeWidth="1.6" />
    </>
  ),
};
