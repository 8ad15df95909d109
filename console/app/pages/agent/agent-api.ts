import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { asStages, readStages } from '../../api/staged.ts';
import type { Probe } from '../../api/types.ts';

const of = (name: string) => ({ params: { path: { name } } });

export const useAgent = (name: string) =>
  useQuery({
    queryKey: [resource.agent, name],
    queryFn: () => ask(GET('/api/v1/agents/{name}', { ...of(name), headers: inBackground })),
    // Heartbeats and samples are no events.
    refetchInterval: 10_000,
  });

export const useSessions = (agent: string) =>
  useQuery({
    queryKey: [resource.agent, agent, 'sessions'],
    queryFn: () => ask(GET('/api/v1/sessions', { params: { query: { agent } }, headers: inBackground })),
    refetchInterval: 10_000,
  });

export const drain = (name: string) => perform(POST('/api/v1/agents/{name}/drain', of(name)));
export const resume = (name: string) => perform(POST('/api/v1/agents/{name}/resume', of(name)));
export const restart = (name: string) => perform(POST('/api/v1/agents/{name}/restart', of(name)));
export const revoke = (name: string) => perform(POST('/api/v1/agents/{name}/revoke', of(name)));

export type ProbeStage = Probe['stages'][number];
type OnStage = (stage: ProbeStage) => void;
const staged = { headers: asStages, parseAs: 'stream' } as const;

export const check = async (onStage: OnStage, name: string, connector: string) => {
  const request = POST('/api/v1/agents/{name}/check', { ...of(name), ...staged, body: { connector } });
  return readStages<ProbeStage, Probe>(await perform(request), onStage);
};
export const probe = async (
  onStage: OnStage,
  name: string,
  body: { host: string; port: number; kind: Kind },
) => {
  const request = POST('/api/v1/agents/{name}/probe', { ...of(name), ...staged, body });
  return readStages<ProbeStage, Probe>(await perform(request), onStage);
};
export const logs = (name: string, body: { limit: number; level: LogLevel; text?: string; since?: string }) =>
  perform(POST('/api/v1/agents/{name}/logs', { ...of(name), body }));
export const readConfig = (name: string) => perform(GET('/api/v1/agents/{name}/config', of(name)));

export const kinds = [
  'postgresql',
  'mysql',
  'sqlserver',
  'oracle',
  'mongodb',
  'redis',
  'http',
  'tcp',
] as const;
export type Kind = (typeof kinds)[number];
export const logLevels = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];
