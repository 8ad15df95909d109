import { EnrollmentRefusalList, ReceiverList } from '@penstock/api-schema';
import { hasShape, type Static, Type } from '@penstock/json-schema';
import type { AlertService } from '../alerts/led-alerts.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { EnrollmentRefusals } from '../identity/enrollment-refusals.ts';
import { type AskReplicas, answerAboutClients, type ConnectedClients } from './connected-clients.ts';
import { refusalResource } from './enrollment-tokens.ts';
import { receiverResources } from './receivers.ts';

/** What only one replica knows, and others ask it for. */
export type OwnKnowledge = {
  readonly clients: ConnectedClients;
  readonly approvals: Pick<Approvals, 'resultOf'>;
  readonly refusals: Pick<EnrollmentRefusals, 'list'>;
  readonly alerts: Pick<AlertService, 'receivers'>;
};

const Refusals = Type.Object({ refusals: Type.Object({ token: Type.Optional(Type.String()) }) });
const Result = Type.Object({ approvalResult: Type.String() });
const Receivers = Type.Object({ receivers: Type.Literal('all') });
const ResultFound = Type.Object({ value: Type.Unknown() });

/** Answers a question that another replica asks. Rejects with ProblemError if it is not known. */
export async function answerReplica(own: OwnKnowledge, question: unknown): Promise<object> {
  if (hasShape(Refusals, question)) {
    return { items: own.refusals.list(question.refusals.token).map(refusalResource) };
  }
  if (hasShape(Result, question)) {
    const result = own.approvals.resultOf(question.approvalResult);
    return result === undefined ? {} : { value: result.value ?? null };
  }
  if (hasShape(Receivers, question)) return { items: receiverResources(own.alerts) };
  return answerAboutClients(own.clients, question);
}

/** The refused enrollments of the other replicas, of all tokens or of one. */
export async function refusalsElsewhere(
  ask: AskReplicas,
  token?: string,
): Promise<Static<typeof EnrollmentRefusalList>['items']> {
  const answers = await ask({ refusals: { ...(token !== undefined && { token }) } });
  return answers.flatMap(({ answer }) => (hasShape(EnrollmentRefusalList, answer) ? answer.items : []));
}

/** The result of an approved action that another replica has run. */
export async function resultElsewhere(
  ask: AskReplicas,
  id: string,
): Promise<{ readonly value: unknown } | undefined> {
  const answers = await ask({ approvalResult: id });
  for (const { answer } of answers) if (hasShape(ResultFound, answer)) return answer;
  return undefined;
}

/** The notifications of the other replicas: only the leader sends any, but each has been one or tested a receiver. */
export async function receiversElsewhere(ask: AskReplicas): Promise<Static<typeof ReceiverList>['items']> {
  const answers = await ask({ receivers: 'all' });
  return answers.flatMap(({ answer }) => (hasShape(ReceiverList, answer) ? answer.items : []));
}
