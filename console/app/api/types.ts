import type { components, paths } from '#openapi';

type Schemas = components['schemas'];
type Method = 'get' | 'post' | 'put' | 'delete';

/** The body of a successful response of an operation. */
type Answer<
  Path extends keyof paths,
  How extends Method = 'get',
  Status extends number = 200,
> = paths[Path] extends {
  readonly [Key in How]: { readonly responses: infer Responses };
}
  ? Responses extends {
      readonly [Key in Status]: { readonly content: { readonly 'application/json': infer Body } };
    }
    ? Body
    : never
  : never;
type Item<Listing> = Listing extends { items: readonly (infer Each)[] } ? Each : never;

export type Gateway = Schemas['GatewayResource'];
export type AttentionItem = Schemas['AttentionItem'];
export type AttentionList = Schemas['AttentionList'];
export type Agent = Schemas['AgentDetail'];
export type AgentRow = Schemas['AgentRow'];
export type AgentRowPage = Schemas['AgentRowPage'];
export type AgentReason = Agent['reasons'][number];
export type AgentState = AgentReason['state'];
export type Pool = Schemas['PoolResource'];
export type Connection = Schemas['ConnectionResource'];
export type Explanation = Schemas['ExplanationResource'];
export type LogEntry = Schemas['ConnectionLogEntry'];
export type ConfigVersion = Item<Answer<'/api/v1/config-versions'>>;
export type PinPreview = Schemas['PinPreview'];
export type EnrollmentToken = Schemas['EnrollmentTokenResource'];
export type EnrollmentTokenDetail = Schemas['EnrollmentTokenDetail'];
export type Grant = Schemas['GrantResource'];
export type AlertEntry = Schemas['AlertResource'];
export type Approval = Schemas['ApprovalResource'];
export type Rollout = Schemas['RolloutResource'];
export type RolloutDetail = Schemas['RolloutDetail'];
export type RolloutAgent = RolloutDetail['agents'][number];
export type Silence = Schemas['SilenceResource'];
export type NewSilence = Schemas['NewSilence'];
export type StateChange = Schemas['StateChange'];
export type ConnectionStringList = Schemas['ConnectionStringList'];
export type ConnectionString = Schemas['ConnectionStringResource'];
export type BulkResult = Schemas['BulkResult'];
export type AuditEntry = Schemas['AuditEntry'];
export type ConsoleSession = Schemas['CurrentConsoleSession'];
export type SignInMethods = Schemas['SignInMethods'];
export type Session = Item<Answer<'/api/v1/sessions'>>;
export type Probe = Answer<'/api/v1/agents/{name}/probe', 'post'>;
export type AgentLogs = Answer<'/api/v1/agents/{name}/logs', 'post'>;
export type AgentConfig = Answer<'/api/v1/agents/{name}/config'>;
