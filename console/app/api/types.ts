import type { paths } from '#openapi';

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

export type Agent = Answer<'/api/v1/agents/{name}'>;
export type AgentReason = Agent['reasons'][number];
export type AgentState = AgentReason['state'];
export type AgentCheck = Agent['checks'][number];
export type Pool = Item<Answer<'/api/v1/pools'>>;
export type Connection = Item<Answer<'/api/v1/connections'>>;
export type Ingress = Connection['ingress'][number];
export type Explanation = Answer<'/api/v1/connections/{name}/explain'>;
export type LogEntry = Item<Answer<'/api/v1/connection-log'>>;
export type ConfigVersion = Item<Answer<'/api/v1/config-versions'>>;
export type Pin = Item<Answer<'/api/v1/pins'>>;
export type PinPreview = Answer<'/api/v1/pins/pools/{name}/preview'>;
export type EnrollmentToken = Item<Answer<'/api/v1/enrollment-tokens'>>;
export type Grant = Item<Answer<'/api/v1/grants'>>;
export type AdminToken = Item<Answer<'/api/v1/admin-tokens'>>;
export type AlertEntry = Item<Answer<'/api/v1/alerts'>>;
export type Receiver = Item<Answer<'/api/v1/receivers'>>;
export type Approval = Item<Answer<'/api/v1/approvals'>>;
export type AuditEntry = Item<Answer<'/api/v1/audit'>>;
export type Session = Item<Answer<'/api/v1/sessions'>>;
export type Probe = Answer<'/api/v1/agents/{name}/probe', 'post'>;
export type AgentLogs = Answer<'/api/v1/agents/{name}/logs', 'post'>;
export type AgentConfig = Answer<'/api/v1/agents/{name}/config'>;
